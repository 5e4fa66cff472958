import { link, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GatewayError } from '../model/errors.ts'

/** The paths in `directory` that end with `suffix`; makes it, with mode 0700, when absent. Throws `key-unavailable`. */
export async function closedFiles(directory: string, suffix: string): Promise<readonly string[]> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const names = await readdir(directory)
    return names.filter((name) => name.endsWith(suffix)).map((name) => join(directory, name))
  } catch (cause) {
    throw unavailable('unreadable', cause)
  }
}

/** The text of a file that only its owner can reach. Throws `key-unavailable`, reason `readable-by-others` where others can. */
export async function readClosedFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r')
    // The mode of the opened file, not of whatever stands at the path a moment later.
    const { mode } = await file.stat()
    if ((mode & OTHERS) !== 0) throw unavailable('readable-by-others')
    return await file.readFile('utf8')
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw unavailable('unreadable', cause)
  }
}

/** Writes a file of mode 0600 durably; an older one stays whole until then. Throws `key-unavailable`. */
export async function writeClosedFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`
  try {
    await writeWhole(unfinished, text)
    await rename(unfinished, path)
    await syncFolder(path)
  } catch (cause) {
    throw unavailable('unwritable', cause)
  }
}

/**
 * Writes a file of mode 0600 durably unless one is there: whole or not at all, whoever else tries the
 * same. Resolves to whether it was ours. Throws `key-unavailable`.
 */
export async function createClosedFile(path: string, text: string): Promise<boolean> {
  attempts += 1
  const unfinished = `${path}.${process.pid}-${attempts}.new`
  try {
    await writeWhole(unfinished, text)
    const created = await linkNew(unfinished, path)
    await unlink(unfinished)
    await syncFolder(path)
    return created
  } catch (cause) {
    throw unavailable('unwritable', cause)
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o600)
  // A file that was left behind keeps the mode that it had.
  await file.chmod(0o600)
  await file.writeFile(text)
  await file.sync()
}

/** A link never replaces what is there, as a rename would. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(dirname(path), 'r')
  await folder.sync()
}

function unavailable(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('key-unavailable', { facts: { reason }, cause })
}

/** Names what is not finished, beside the number of the process. */
let attempts = 0

/** Any right of the group or of others. */
const OTHERS = 0o077
