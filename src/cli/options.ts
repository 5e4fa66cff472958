import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { UsageError } from './command.ts'

/** `parseArgs` of Node, strict, with its complaints as `UsageError`. */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    if (error instanceof TypeError && 'code' in error)
      throw new UsageError(firstSentence(error.message), { cause: error })
    throw error
  }
}

/** Throws `UsageError` unless there are exactly as many positional arguments as names. */
export function expectPositionals(given: readonly string[], names: readonly string[]): void {
  if (given.length === names.length) return
  throw new UsageError(
    names.length === 0
      ? 'expected no argument beside the options'
      : `expected ${names.map((name) => `<${name}>`).join(' ')}`,
  )
}

/** The value of an option that is a whole number, at least 1. Throws `UsageError`. */
export function wholeNumber(text: string, option: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  const range = most === Number.MAX_SAFE_INTEGER ? 'that is a whole number' : `from 1 to ${most}`
  throw new UsageError(`expected a ${option} ${range}`)
}

/** The options of commands that talk to a running server. */
export const controlOptions = {
  config: { type: 'string' },
  socket: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

function firstSentence(message: string): string {
  const sentence = message.split('. ')[0] ?? message
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
