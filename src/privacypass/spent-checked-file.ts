import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { decode, type Codec } from '../wire/codec.ts'
import { WireError } from '../wire/errors.ts'
import { isAbsent, syncDirectory, type SpentFiles } from './spent-files.ts'

// Small files that are replaced as a whole: a struct and its CRC-32.

export type CheckedRead<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'absent' }
  /** Not what was written. */
  | { readonly kind: 'damaged' }

/** Throws where the file is there and cannot be read. */
export async function readChecked<T>(
  files: SpentFiles,
  path: string,
  codec: Codec<T>,
): Promise<CheckedRead<T>> {
  try {
    await using file = await files.open(path, 'r')
    const { size } = await file.stat()
    if (size < CHECK_BYTES || size > BYTES_MAX) return { kind: 'damaged' }
    const bytes = await file.readFile()
    const body = bytes.subarray(0, -CHECK_BYTES)
    if (crc32(body) !== bytes.readUInt32BE(body.length)) return { kind: 'damaged' }
    return { kind: 'read', value: decode(codec, body) }
  } catch (error) {
    if (isAbsent(error)) return { kind: 'absent' }
    if (error instanceof WireError) return { kind: 'damaged' }
    throw error
  }
}

export interface CheckedFile {
  readonly path: string
  /** Where it is made ready, in the same directory: each process needs a name of its own. */
  readonly unfinished: string
}

/** Durable when it resolves; until then the older one stays whole. */
export async function writeChecked(
  files: SpentFiles,
  { path, unfinished }: CheckedFile,
  body: Buffer,
): Promise<void> {
  const check = Buffer.alloc(CHECK_BYTES)
  check.writeUInt32BE(crc32(body))
  {
    await using file = await files.open(unfinished, 'w', 0o600)
    await file.writeFile(Buffer.concat([body, check]))
    await file.sync()
  }
  await files.rename(unfinished, path)
  await syncDirectory(files, dirname(path))
}

const CHECK_BYTES = 4
const BYTES_MAX = 1_048_576
