import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure } from './measure.ts'
import { parseOptions } from './options.ts'
import { pinLoad } from './processes.ts'
import { openRows } from './rows.ts'
import { playScene } from './scene.ts'
import { openStage } from './stage.ts'
import { printTable, reportOf } from './table.ts'

// `npm run bench`: what Postern costs beside proxies that do nothing, side by side in one run.

const RUN_MS_MAX = 600_000
const options = parseOptions(process.argv.slice(2))
const progress = (text: string) => void process.stderr.write(`bench: ${text}\n`)
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

// INVARIANT: whatever hangs, it ends.
setTimeout(() => {
  progress('took too long')
  process.exit(1)
}, RUN_MS_MAX).unref()

const notes: string[] = []
const note = pinLoad()
if (note !== undefined) notes.push(note)

await using stack = new AsyncDisposableStack()
const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
progress('two providers make a room')
const scene = await playScene(directory)
const withFollowers = options.rows.has('e') || options.rows.has('e0')
const stage = await openStage(stack, directory, withFollowers)
const rows = await openRows({ stack, stage, scene, options })
if (options.rows.has('a') && !rows.some(({ name }) => name === 'a'))
  notes.push('nginx is not installed: row a is missing')
const report = reportOf(await measure(rows, options, progress), notes)
process.stdout.write(
  options.json ? `${JSON.stringify(report, undefined, 2)}\n` : printTable(report),
)
