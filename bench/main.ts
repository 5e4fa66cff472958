import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure, type Measurements } from './measure.ts'
import { parseOptions } from './options.ts'
import { pinLoad, startProcess } from './processes.ts'
import { nodeCommand, openRows } from './rows.ts'
import { playScene } from './scene.ts'
import type { Section, SectionName } from './sections/section.ts'
import { openStage, programPath } from './stage.ts'
import { printReport, reportOf } from './table.ts'

// `npm run bench`: what Postern costs beside proxies that do nothing, side by side in one run; then
// the sections, each in a process of its own.

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
const proxies = options.rows.size === 0 ? undefined : await measureProxies()
const sections: Section[] = []
for (const name of options.sections) {
  progress(name)
  sections.push(await measureSection(name))
}
const report = reportOf({ proxies, sections, notes })
process.stdout.write(
  options.json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report),
)

async function measureProxies(): Promise<Measurements> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  progress('two providers make a room')
  const scene = await playScene(directory)
  const withFollowers = options.rows.has('e') || options.rows.has('e0')
  const stage = await openStage(stack, directory, withFollowers)
  const rows = await openRows({ stack, stage, scene, options })
  if (options.rows.has('a') && !rows.some(({ name }) => name === 'a'))
    notes.push('nginx is not installed: row a is missing')
  return measure(rows, options, progress)
}

/** Throws where its process ends without a word. */
async function measureSection(name: SectionName): Promise<Section> {
  const { command, args } = nodeCommand(options, programPath(`sections/${name}.ts`))
  await using child = startProcess({ command, args, pinned: true, channel: true })
  const said: Section[] = []
  child.process.on('message', (section: Section) => said.push(section))
  await once(child.process, 'exit')
  const [section] = said
  if (section === undefined) throw new Error(`${name} ended without a result`)
  return section
}
