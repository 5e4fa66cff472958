import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** What the embedded store asks of a file system: node's own functions. */
export interface SpentFiles {
  readonly mkdir: typeof mkdir
  readonly open: typeof open
  readonly readdir: (path: string) => Promise<string[]>
  readonly rename: typeof rename
  readonly rm: typeof rm
  readonly unlink: typeof unlink
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

/** Whether an error says that the file is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

const PART_NAME = /^spent-(0|[1-9]\d{0,15})-([1-9]\d{0,8})\.log$/
