import { readBounded } from './read-bounded.ts'
import { UsageError, type CommandEnvironment } from './command.ts'
import { controlOptions } from './options.ts'

/** The options of commands in which a moderator acts. */
export const actorOptions = {
  ...controlOptions,
  as: { type: 'string' },
  mfa: { type: 'boolean', default: false },
} as const

/** The lines about them in `--help`. */
export const ACTOR_USAGE = `  --as NAME  who acts: a member of moderation.team in postern.yaml
  --mfa      that person has shown a second factor`

/** Who acts. Throws `UsageError`. */
export function actorOf({ as, mfa }: { readonly as?: string | undefined; readonly mfa: boolean }) {
  if (as === undefined) throw new UsageError('expected --as and a name')
  return { as, mfa }
}

/** The same for a question. */
export function askedBy(values: { readonly as?: string | undefined; readonly mfa: boolean }) {
  const { as, mfa } = actorOf(values)
  return { as, mfa: String(mfa) }
}

/** The text of a file, or of standard input for `-`. Throws `UsageError`. */
export async function readText(
  path: string,
  { stdin }: Pick<CommandEnvironment, 'stdin'>,
): Promise<string> {
  if (path !== '-') {
    const bytes = await readBounded(path, TEXT_BYTES_MAX)
    if (bytes === undefined) throw new UsageError('expected a smaller file')
    return bytes.toString('utf8').trim()
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stdin) {
    length += chunk.length
    if (length > TEXT_BYTES_MAX) throw new UsageError('expected less on standard input')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8').trim()
}

const TEXT_BYTES_MAX = 65_536
