import { open, type FileHandle } from 'node:fs/promises'
import { UsageError, type CommandEnvironment } from './command.ts'

/** Where a command writes what it makes. */
export interface Output extends AsyncDisposable {
  write(text: string): Promise<void>
}

/** A new file of mode 0600, or standard output without a name. Throws `UsageError`. */
export async function openOutput(
  file: string | undefined,
  { out }: Pick<CommandEnvironment, 'out'>,
): Promise<Output> {
  if (file === undefined)
    return {
      write: (text) => {
        out(text)
        return Promise.resolve()
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  const handle = await createPrivateFile(file)
  return {
    write: async (text) => {
      await handle.writeFile(text)
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

/** A new file of mode 0600. Throws `UsageError`. */
export async function createPrivateFile(file: string): Promise<FileHandle> {
  return open(file, 'wx', 0o600).catch((cause: unknown) => {
    throw new UsageError('expected a file that can be made and is not there yet', { cause })
  })
}
