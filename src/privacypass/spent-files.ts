import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** What the embedded store asks of a file system: node's own functions. */
export interface SpentFiles {
  readonly mkdir: (
    path: string,
    options: { readonly recursive: true; readonly mode: number },
  ) => Promise<string | undefined>
  readonly open: (path: string, flags: string | number, mode?: number) => Promise<FileHandle>
  readonly readdir: (path: string) => Promise<string[]>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly rm: (path: string, options: { recursive?: boolean; force: true }) => Promise<void>
  readonly unlink: (path: string) => Promise<void>
}

export const nodeFiles: SpentFiles = { mkdir, open, readdir, rename, rm, unlink }

/** Which file of which epoch. */
export interface PartName {
  readonly epoch: number
  readonly part: number
}

export function partPath(directory: string, { epoch, part }: PartName): string {
  return join(directory, `spent-${epoch}-${part}.log`)
}

/** The parts of logs that are in a directory, whatever else is there. */
export async function partNames(files: SpentFiles, directory: string): Promise<PartName[]> {
  const names = await files.readdir(directory)
  return names.flatMap((name) => {
    const [, epoch, part] = PART_NAME.exec(name) ?? []
    return epoch === undefined ? [] : [{ epoch: Number(epoch), part: Number(part) }]
  })
}

/** Makes what was created, renamed or removed in a directory durable. */
export async function syncDirectory(files: SpentFiles, directory: string): Promise<void> {
  await using folder = await files.open(directory, 'r')
  await folder.sync()
}

/** Makes a directory of mode 0700 where it is not there, and its place in the one above it durable. */
export async function makeDirectory(files: SpentFiles, directory: string): Promise<void> {
  const path = resolve(directory)
  const made = (await files.mkdir(path, { recursive: true, mode: 0o700 })) ?? path
  // It may be there and not yet durable: whoever made it may have died before.
  for (let child = path; child.length >= made.length; child = dirname(child))
    await syncDirectory(files, dirname(child))
}

/** All of the bytes, in as many pieces as the file system takes. */
export async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    if (bytesWritten === 0) throw new RangeError('nothing was written')
    done += bytesWritten
  }
}

/** As many octets as there are, at most as many as fit. */
export async function readAt(file: FileHandle, into: Buffer, position: number): Promise<Buffer> {
  let done = 0
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return into.subarray(0, done)
}

/** Whether an error says that the file is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

const PART_NAME = /^spent-(0|[1-9]\d{0,15})-([1-9]\d{0,8})\.log$/
