import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** A file that a gateway has written. */
export interface KeptFile {
  /** Below the directory of the demo. */
  readonly name: string
  readonly bytes: Buffer
}

/** All that is in a directory: configuration, keys, databases, logs. */
export async function keptFiles(directory: string): Promise<readonly KeptFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const path = join(parentPath, name)
        return { name: relative(directory, path), bytes: await readFile(path) }
      }),
  )
}
