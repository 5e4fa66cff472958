import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shardOf, type Spend, type SpentTokens } from '../../../src/privacypass/spent-tokens.ts'
import { observedFiles } from '../../support/spent-files.ts'
import { crashCopy, logsOf, openAt, SHARD, turnBit } from '../../support/spent-store.ts'
import { DAY, spendOf } from '../../support/spent-tokens.ts'
import { tempDir } from '../../support/temp-dir.ts'

const TOMORROW = DAY + 86_400
const HEADER = 24
const ONE = 40
/** Nothing here loses its power. */
const files = observedFiles({ syncs: false })

/** A store in which tokens were spent one by one, and which nobody has closed. */
async function used(tokens: number): Promise<string> {
  const directory = tempDir()
  await using store = await openAt(directory, { files })
  for (let token = 0; token < tokens; token += 1) await store.spend(spendOf(`${token}`))
  return crashCopy(directory)
}

let requests = 0

/** What becomes of a token with a request of its own. */
async function kindOf(store: SpentTokens, token: number, facts: Partial<Spend> = {}) {
  requests += 1
  return (await store.spend(spendOf(`${token}`, `${requests}`, facts))).kind
}

/** What a store says of its epoch, of the next one, and of both after another start. */
async function afterwards(directory: string): Promise<unknown> {
  const says: unknown[] = []
  for (let start = 0; start < 2; start += 1) {
    await using store = await openAt(directory, { files })
    says.push((await store.epochs())[0])
    says.push(await kindOf(store, 0), await kindOf(store, 1_000))
    says.push(await kindOf(store, 0, { epoch: TOMORROW }))
  }
  return says
}

function closedFor(reason: string): readonly unknown[] {
  const state = { kind: 'closed', epoch: DAY, reason }
  const start = [state, 'epoch-closed', 'epoch-closed']
  return [...start, 'spent', ...start, 'replayed']
}

test('a log that ends anywhere in what was written last loses only that, and goes on', async () => {
  const directory = await used(5)
  const [log = ''] = logsOf(directory)
  const size = statSync(log).size
  expect(size).toBe(HEADER + 5 * ONE)
  for (let cut = 1; cut <= ONE; cut += 1) {
    const copy = crashCopy(directory)
    truncateSync(logsOf(copy)[0] ?? '', size - cut)
    {
      await using store = await openAt(copy, { files })
      expect(await store.epochs()).toMatchObject([{ kind: 'open', epoch: DAY, spent: 4 }])
      for (const token of [0, 1, 2, 3]) expect(await kindOf(store, token)).toBe('replayed')
      expect(await store.spend(spendOf('4'))).toEqual({ kind: 'spent' })
      expect(await store.spend(spendOf('0'))).toEqual({ kind: 'again' })
    }
    await using store = await openAt(copy, { files })
    for (const token of [0, 1, 2, 3, 4]) expect(await kindOf(store, token)).toBe('replayed')
  }
})

test('the end of a log that the disk never got is left out', async () => {
  const directory = await used(5)
  const [log = ''] = logsOf(directory)
  const bytes = readFileSync(log)
  for (let unwritten = 4; unwritten <= ONE; unwritten += 1) {
    const copy = crashCopy(directory)
    writeFileSync(logsOf(copy)[0] ?? '', Buffer.from(bytes).fill(0, bytes.length - unwritten))
    await using store = await openAt(copy, { files })
    expect(await store.epochs()).toMatchObject([{ kind: 'open', epoch: DAY, spent: 4 }])
  }
})

test('any bit of a log that is turned closes the epoch, and no other one', async () => {
  const directory = await used(3)
  const bits = statSync(logsOf(directory)[0] ?? '').size * 8
  // Steps that meet every bit of an octet and every octet.
  for (let bit = 0; bit < bits; bit += 7) {
    const copy = crashCopy(directory)
    turnBit(logsOf(copy)[0] ?? '', bit)
    await using store = await openAt(copy, { files })
    expect(await store.epochs()).toEqual([{ kind: 'closed', epoch: DAY, reason: 'damaged' }])
    expect(await kindOf(store, 0)).toBe('epoch-closed')
    expect(await kindOf(store, 0, { epoch: TOMORROW })).toBe('spent')
  }
})

test('a closed epoch stays closed when its log is whole again', async () => {
  const directory = await used(3)
  const [log = ''] = logsOf(directory)
  turnBit(log, 8 * HEADER + 100)
  expect(await afterwards(directory)).toEqual(closedFor('damaged'))
  turnBit(log, 8 * HEADER + 100)
  await using store = await openAt(directory, { files })
  expect(await kindOf(store, 0)).toBe('epoch-closed')
})

test('a log that was closed in order is missed by its last octet', async () => {
  const directory = tempDir()
  {
    await using store = await openAt(directory, { files })
    for (const token of ['0', '1', '2']) await store.spend(spendOf(token))
  }
  for (const octets of [1, ONE, ONE + 1, 3 * ONE, 3 * ONE + HEADER]) {
    const copy = crashCopy(directory)
    truncateSync(logsOf(copy)[0] ?? '', HEADER + 3 * ONE - octets)
    expect(await afterwards(copy)).toEqual(closedFor('damaged'))
  }
  // What stands behind its end was written by nobody who answered.
  appendFileSync(logsOf(directory)[0] ?? '', 'left over')
  await using store = await openAt(directory, { files })
  expect(await store.epochs()).toMatchObject([{ kind: 'open', spent: 3 }])
})

test('a log that is missing closes its epoch', async () => {
  const directory = await used(3)
  unlinkSync(logsOf(directory)[0] ?? '')
  expect(await afterwards(directory)).toEqual(closedFor('missing'))
})

test('a log that was replaced by an older one closes its epoch', async () => {
  const directory = await used(3)
  {
    await using store = await openAt(directory, { files })
    await store.spend(spendOf('3'))
  }
  const [first = '', second = ''] = logsOf(directory)
  cpSync(first, second)
  expect(await afterwards(directory)).toEqual(closedFor('damaged'))
})

test('a log of another store, as long as this one, closes its epoch', async () => {
  const directories = [tempDir(), tempDir()]
  for (const [index, directory] of directories.entries()) {
    await using store = await openAt(directory, { files })
    await store.spend(spendOf(`${index}`))
  }
  const [own = '', other = ''] = directories
  cpSync(logsOf(other)[0] ?? '', logsOf(own)[0] ?? '')
  expect(await afterwards(own)).toEqual(closedFor('damaged'))
})

test('a manifest that is missing closes what had begun', async () => {
  const directory = await used(3)
  unlinkSync(join(directory, SHARD, 'spent-manifest'))
  expect(await afterwards(directory)).toEqual(closedFor('missing'))
})

test('any bit of the manifest that is turned closes what had begun', async () => {
  const directory = await used(1)
  const { size } = statSync(join(directory, SHARD, 'spent-manifest'))
  for (let bit = 0; bit < size * 8; bit += 11) {
    const copy = crashCopy(directory)
    turnBit(join(copy, SHARD, 'spent-manifest'), bit)
    await using store = await openAt(copy, { files })
    expect(await store.epochs()).toEqual([{ kind: 'closed', epoch: DAY, reason: 'damaged' }])
  }
  writeFileSync(join(directory, SHARD, 'spent-manifest'), '')
  expect(await afterwards(directory)).toEqual(closedFor('damaged'))
})

test('a manifest that is older than its logs closes their epochs', async () => {
  const directory = tempDir()
  const manifest = join(directory, SHARD, 'spent-manifest')
  {
    await using store = await openAt(directory, { files })
    await store.spend(spendOf('0', 'r', { epoch: TOMORROW }))
  }
  const older = readFileSync(manifest)
  {
    await using store = await openAt(directory, { files })
    await store.spend(spendOf('0'))
    await store.spend(spendOf('1', 'r', { epoch: TOMORROW }))
  }
  writeFileSync(manifest, older)
  await using store = await openAt(directory, { files })
  expect(await store.epochs()).toEqual([
    { kind: 'closed', epoch: DAY, reason: 'damaged' },
    { kind: 'closed', epoch: TOMORROW, reason: 'damaged' },
  ])
})

test('a shard whose directory is gone closes what had begun', async () => {
  const directory = await used(3)
  rmSync(join(directory, SHARD), { recursive: true })
  expect(await afterwards(directory)).toEqual(closedFor('missing'))
})

test.each(['missing', 'damaged'])(
  'a note on the shards that is %s closes what had begun',
  async (reason) => {
    const directory = await used(3)
    const note = join(directory, 'spent-shards')
    if (reason === 'missing') unlinkSync(note)
    else turnBit(note, 9)
    expect(await afterwards(directory)).toEqual(closedFor(reason))
  },
)

test('a store of which nothing is left closes what had begun, if there was one', async () => {
  const directory = tempDir()
  {
    await using store = await openAt(directory, { files, expected: true })
    expect(await store.epochs()).toEqual([{ kind: 'closed', epoch: DAY, reason: 'missing' }])
    expect(await kindOf(store, 0)).toBe('epoch-closed')
    expect(await kindOf(store, 0, { epoch: DAY - 86_400 })).toBe('epoch-closed')
    expect(await kindOf(store, 0, { epoch: TOMORROW })).toBe('spent')
  }
  await using store = await openAt(directory, { files, expected: true })
  expect(await kindOf(store, 0)).toBe('epoch-closed')
  expect(await kindOf(store, 0, { epoch: TOMORROW })).toBe('replayed')
})

test('tokens of tomorrow that may be taken already are closed with what is lost today', async () => {
  const clock = () => TOMORROW * 1_000 - 600_000
  await using store = await openAt(tempDir(), { files, clock, expected: true })
  expect(await kindOf(store, 0, { epoch: TOMORROW })).toBe('epoch-closed')
  expect(await kindOf(store, 0, { epoch: TOMORROW + 86_400 })).toBe('spent')
})

test('a log that is there and cannot be read is no reason to forget it', async () => {
  const directory = await used(3)
  const [log = ''] = logsOf(directory)
  const bytes = readFileSync(log)
  unlinkSync(log)
  mkdirSync(log)
  await expect(openAt(directory, { files })).rejects.toMatchObject({ code: 'store-unavailable' })
  rmSync(log, { recursive: true })
  writeFileSync(log, bytes)
  await using store = await openAt(directory, { files })
  expect(await store.epochs()).toMatchObject([{ kind: 'open', spent: 3 }])
})

test('files that were begun and never named go at the next start, and those of dropped epochs', async () => {
  const directory = await used(1)
  {
    await using store = await openAt(directory, { files })
    await store.dropBefore(DAY)
  }
  const shard = join(directory, SHARD)
  const [log = ''] = logsOf(directory)
  writeFileSync(join(shard, `spent-${DAY}-9.log`), readFileSync(log).subarray(0, HEADER))
  cpSync(log, join(shard, `spent-${DAY - 86_400}-1.log`))
  await using store = await openAt(directory, { files })
  expect(logsOf(directory)).toEqual([log])
  expect(logsOf(directory, DAY - 86_400)).toEqual([])
  expect(await kindOf(store, 0)).toBe('replayed')
})

/** What becomes of the tokens that belong to a shard. */
async function kindsIn(store: SpentTokens, index: number, count: number): Promise<Set<string>> {
  const names = Array.from({ length: 40 }, (_, n) => n)
  const own = names.filter((n) => shardOf(spendOf(`${n}`).spendKey, count) === index)
  return new Set(await Promise.all(own.map((n) => kindOf(store, n))))
}

test('with another number of shards no token of an epoch that had begun is taken', async () => {
  const directory = tempDir()
  const openShard = (index: number, count: number) =>
    openAt(directory, { files, shard: { index, count } })
  {
    await using one = await openShard(0, 1)
    expect(await kindsIn(one, 0, 1)).toEqual(new Set(['spent']))
  }
  for (const index of [0, 1, 2]) {
    await using store = await openShard(index, 3)
    expect(await kindsIn(store, index, 3)).toEqual(new Set(['epoch-closed']))
    expect(await store.epochs()).toEqual([{ kind: 'closed', epoch: DAY, reason: 'resharded' }])
  }
  await using back = await openShard(0, 1)
  expect(await kindsIn(back, 0, 1)).toEqual(new Set(['epoch-closed']))
  await using again = await openShard(0, 1)
  expect(await kindsIn(again, 0, 1)).toEqual(new Set(['epoch-closed']))
})

test('a process that serves with the number of shards from before answers nothing more', async () => {
  const directory = tempDir()
  await using before = await openAt(directory, { files, shard: { index: 0, count: 1 } })
  expect(await kindOf(before, 0, { epoch: TOMORROW })).toBe('spent')
  await using after = await openAt(directory, { files, shard: { index: 1, count: 2 } })
  await expect(kindOf(before, 1, { epoch: TOMORROW })).rejects.toMatchObject({
    code: 'store-unavailable',
    facts: { reason: 'taken-over' },
  })
  expect(await after.epochs()).toEqual([{ kind: 'closed', epoch: DAY, reason: 'resharded' }])
})

test('a token of another shard is refused', async () => {
  await using store = await openAt(tempDir(), { files, shard: { index: 1, count: 2 } })
  const { spendKey } = spendOf('a')
  const other = Buffer.from(spendKey)
  other[0] = (other[0] ?? 0) ^ 1
  const keys = [spendKey, other].toSorted((a, b) => shardOf(a, 2) - shardOf(b, 2))
  const [foreign, own] = keys.map((key) => spendOf('', 'r', { spendKey: key }))
  await expect(store.spend(foreign ?? spendOf(''))).rejects.toMatchObject({
    facts: { reason: 'other-shard' },
  })
  expect(await store.spend(own ?? spendOf(''))).toEqual({ kind: 'spent' })
})
