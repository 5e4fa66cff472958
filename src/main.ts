import packageJson from '../package.json' with { type: 'json' }
import { runCommandLine } from './cli/command-line.ts'

// What a command does not need is not loaded: `postern decode` starts in a blink.
const { env } = process
const { version } = packageJson
const out = (text: string) => void process.stdout.write(text)
const err = (text: string) => void process.stderr.write(text)
const loadConfig = async (path: string | undefined) =>
  (await import('./config.ts')).loadConfig({ path, env })

// A reader that went away (`postern decode … | head`) is no fault of ours.
process.stdout.on('error', () => {})
process.exitCode = await runCommandLine(process.argv.slice(2), {
  clock: () => Date.now(),
  version,
  stdin: process.stdin,
  out,
  err,
  loadConfig,
  controlSocket: async (path) => (await import('./config.ts')).controlSocketPath({ path, env }),
  serve: async (path) => {
    const { serve } = await import('./serve.ts')
    return serve({ readConfig: () => loadConfig(path), version, out, err })
  },
})
