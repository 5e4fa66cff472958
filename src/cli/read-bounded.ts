import { readFile, stat } from 'node:fs/promises'
import { UsageError } from './command.ts'

/** A file, or undefined where it is larger, a line end aside. Throws `UsageError` where there is none. */
export async function readBounded(path: string, bytesMax: number): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(path)
    return size > bytesMax + LINE_END_BYTES ? undefined : await readFile(path)
  } catch (cause) {
    throw new UsageError('expected a file that can be read', { cause })
  }
}

const LINE_END_BYTES = 2
