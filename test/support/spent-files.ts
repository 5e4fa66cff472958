import type { FileHandle } from 'node:fs/promises'
import { nodeFiles, type SpentFiles } from '../../src/privacypass/spent-files.ts'

const operations = [
  'mkdir',
  'open',
  'readdir',
  'rename',
  'rm',
  'unlink',
  'write',
  'writeFile',
  'datasync',
  'sync',
  'read',
  'readFile',
  'stat',
  'close',
] as const
export type FileOperation = (typeof operations)[number]

export interface FileObserver {
  /** What it throws is what the operation throws, undone. */
  readonly before?: (operation: FileOperation, path: string) => void
  readonly after?: (operation: FileOperation, path: string, renamedTo?: string) => void
  /** How many of so many octets one write takes. */
  readonly take?: (octets: number) => number
  /** Whether the disk is really waited for. */
  readonly syncs?: boolean
}

/** The real file system, watched and disturbed. */
export function observedFiles(observer: FileObserver): SpentFiles {
  const around = aroundWith(observer)
  return {
    mkdir: (path, options) => around('mkdir', path, () => nodeFiles.mkdir(path, options)),
    open: async (path, flags, mode) => {
      const file = await around('open', path, () => nodeFiles.open(path, flags, mode))
      return observedHandle(file, path, observer)
    },
    readdir: (path) => around('readdir', path, () => nodeFiles.readdir(path)),
    rename: (from, to) => around('rename', from, () => nodeFiles.rename(from, to), to),
    rm: (path, options) => around('rm', path, () => nodeFiles.rm(path, options)),
    unlink: (path) => around('unlink', path, () => nodeFiles.unlink(path)),
  }
}

/** An error as the system gives it. */
export function systemError(code: 'ENOSPC' | 'EIO' | 'EMFILE'): Error {
  return Object.assign(new Error(code), { code })
}

function aroundWith({ before, after }: FileObserver) {
  return async <T>(
    operation: FileOperation,
    path: string,
    ...[run, renamedTo]: [() => Promise<T>, string?]
  ): Promise<T> => {
    if (operation !== 'close') before?.(operation, path)
    const result = await run()
    // A file that could not be closed is closed all the same.
    if (operation === 'close') before?.(operation, path)
    after?.(operation, path, renamedTo)
    return result
  }
}

function observedHandle(file: FileHandle, path: string, observer: FileObserver): FileHandle {
  const around = aroundWith(observer)
  const { take, syncs = true } = observer
  const run = (name: FileOperation, args: readonly unknown[]): Promise<unknown> => {
    if (!syncs && (name === 'sync' || name === 'datasync')) return Promise.resolve()
    const [bytes, offset, length, position] = args
    const taken =
      take === undefined || name !== 'write'
        ? args
        : [bytes, offset, take(Number(length)), position]
    return Reflect.apply<FileHandle, unknown[], Promise<unknown>>(Reflect.get(file, name), file, [
      ...taken,
    ])
  }
  return new Proxy(file, {
    get: (target, name) => {
      const method =
        name === Symbol.asyncDispose ? 'close' : operations.find((known) => known === name)
      if (method === undefined) return Reflect.get(target, name) as unknown
      return (...args: unknown[]) => around(method, path, () => run(method, args))
    },
  })
}
