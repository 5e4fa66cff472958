import { join } from 'node:path'
import { encode, optional, struct, uint32 } from '../wire/codec.ts'
import { seconds } from './seconds.ts'
import { readChecked, writeChecked } from './spent-checked-file.ts'
import type { Randomness } from '../model/clock.ts'
import { makeDirectory, type SpentFiles } from './spent-files.ts'
import { reasonCodec, type ClosedThrough } from './spent-manifest.ts'
import { takeOwnership } from './spent-owner.ts'

/** Which of how many stores. */
export interface Shard {
  readonly index: number
  readonly count: number
}

export interface EnterShardOptions {
  readonly files: SpentFiles
  readonly randomness: Randomness
  /** Of all shards together. */
  readonly directory: string
  readonly shard: Shard
  readonly expected: boolean
  /** The newest epoch of which a token may have been spent by now. */
  readonly newestEpoch: number
}

export interface EnteredShard {
  /** Of this shard alone. */
  readonly directory: string
  /** Whether it has been used. */
  readonly isUsed: boolean
  readonly closed: ClosedThrough | undefined
}

/**
 * The directory of a shard within that of all. How many there are is written down beside them: with
 * another number each token belongs elsewhere, where nobody knows whether it was spent, so every epoch
 * that may have begun is closed. The same where the note is gone or damaged.
 */
export async function enterShard(options: EnterShardOptions): Promise<EnteredShard> {
  const { files, directory, shard } = options
  await makeDirectory(files, directory)
  // INVARIANT: listed first. The note is older than every shard, so a shard without it means that it is lost.
  const names = await files.readdir(directory)
  const closed = await agreeOnCount(options, names)
  const own = shardName(shard)
  const path = join(directory, own)
  await makeDirectory(files, path)
  return { directory: path, isUsed: names.includes(`${own}${USED}`), closed }
}

/** Notes durably that the shard is used, so that it is missed where it is gone. */
export async function noteUse({ files, directory, shard }: EnterShardOptions): Promise<void> {
  const path = join(directory, `${shardName(shard)}${USED}`)
  await writeChecked(files, { path, unfinished: `${path}.new` }, Buffer.alloc(0))
}

async function agreeOnCount(
  options: EnterShardOptions,
  names: readonly string[],
): Promise<ClosedThrough | undefined> {
  const { files, directory, shard, expected, newestEpoch } = options
  const path = join(directory, NOTE)
  const write = async (closed: ClosedThrough | undefined): Promise<ClosedThrough | undefined> => {
    const unfinished = `${path}.${shard.index}.new`
    const body = encode(noteCodec, { count: shard.count, closed })
    await writeChecked(files, { path, unfinished }, body)
    return closed
  }
  const read = await readChecked(files, path, noteCodec)
  switch (read.kind) {
    case 'absent': {
      const isLost = expected || names.some((name) => SHARD_NAME.test(name))
      return write(isLost ? { epoch: newestEpoch, reason: 'missing' } : undefined)
    }
    case 'damaged':
      return write({ epoch: newestEpoch, reason: 'damaged' })
    case 'read': {
      if (read.value.count === shard.count) return read.value.closed
      const others = names.filter((name) => ![undefined, shard.count].includes(countOf(name)))
      for (const other of others) await shutOut(options, other)
      const closed = await write({ epoch: newestEpoch, reason: 'resharded' })
      for (const other of others) await remove(options, other)
      return closed
    }
  }
}

/** A process that still serves with the number from before answers nothing more. */
async function shutOut({ files, directory, randomness }: EnterShardOptions, name: string) {
  const ownership = await takeOwnership(files, join(directory, name), randomness)
  await ownership.end()
}

async function remove({ files, directory }: EnterShardOptions, name: string): Promise<void> {
  await files.rm(join(directory, name), { recursive: true, force: true })
  await files.rm(join(directory, `${name}${USED}`), { force: true })
}

function shardName({ index, count }: Shard): string {
  return `shard-${index}-of-${count}`
}

/** Of how many shards this is one. */
function countOf(name: string): number | undefined {
  const [, count] = SHARD_NAME.exec(name) ?? []
  return count === undefined ? undefined : Number(count)
}

const SHARD_NAME = /^shard-\d{1,9}-of-(\d{1,9})$/
const NOTE = 'spent-shards'
const USED = '.used'
const noteCodec = struct({
  count: uint32,
  closed: optional(struct({ epoch: seconds, reason: reasonCodec })),
})
