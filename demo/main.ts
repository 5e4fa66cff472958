import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { HUB_PROFILE } from './cast.ts'
import { Printer } from './print.ts'
import { runDemo } from './run.ts'

const USAGE = `npm run demo [-- [--policies DIRECTORY] [--json]]

  --policies  what the hub a.example decides by, instead of the profile ${HUB_PROFILE}: the table changes
  --json      one document for machines instead of text for people

Exit codes: 0 every step went well and every claim holds, 1 not, 2 wrong usage.
`

// A reader that went away (`npm run demo | head`) is no fault of ours.
process.stdout.on('error', () => {})
process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv)
  if (options === undefined) {
    process.stderr.write(USAGE)
    return 2
  }
  if (options.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stop.abort())
  const { json, policies: directory } = options
  const policies = directory === undefined ? HUB_PROFILE : resolve(directory)
  const colours = process.stdout.isTTY && !json && (process.env['NO_COLOR'] ?? '') === ''
  const out = json ? () => {} : (text: string) => void process.stdout.write(text)
  const printer = new Printer({ out, colours })
  const result = await runDemo({ printer, signal: stop.signal, policies })
  if (json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
  return result.ok ? 0 : 1
}

interface Options {
  readonly policies?: string | undefined
  readonly json: boolean
  readonly help: boolean
}

function optionsOf(argv: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        policies: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return values
  } catch {
    return undefined
  }
}
