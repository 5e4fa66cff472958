import { ACTOR_USAGE, actorOf, actorOptions } from './case-options.ts'
import { UsageError, type Command, type CommandEnvironment, type ExitCode } from './command.ts'
import { connectControl } from './connect-control.ts'
import type { ExportsClient } from './exports-client.ts'
import { expectPositionals, readOptions } from './options.ts'
import { openOutput } from './private-file.ts'

export const reportsExportCommand: Command = {
  name: 'reports export',
  summary: 'make documents of decisions, for others',
  usage: `dsa | xarf CASE | arf CASE --as NAME [--mfa] [--from DAY] [--to DAY] [--out FILE]
    [--config FILE | --socket PATH]

  dsa          statements of reasons for the DSA Transparency Database: a line for each request to it
  xarf         the decision of a case in XARF 4.2, where a type of it fits
  arf          the same as a mail (RFC 5965) to the abuse desk of the sender's provider, to be sent by you
${ACTOR_USAGE}
  --from, --to  first and last day of decisions, such as 2026-11-30; UTC
  --out FILE   a new file that only our user can read, instead of standard output

Each export goes into the log of its case. What cannot be said in a form is told on standard error, with
its reason, as are statements whose decision was taken back since. Exit code 1 where there was any of both.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, OPTIONS)
    const actor = actorOf(values)
    const [form = '', id = ''] = positionals
    const { from, to, out } = values
    if (form !== 'dsa' && form !== 'xarf' && form !== 'arf')
      throw new UsageError('expected dsa, xarf or arf')
    expectPositionals(positionals, form === 'dsa' ? ['dsa'] : [form, 'CASE'])
    await using client = await connectControl(values, environment)
    const { exports } = client
    if (form === 'dsa')
      return await statements(exports, { ...actor, from, to }, { file: out, environment })
    const body = { ...actor, case: id }
    const text =
      form === 'arf'
        ? (await exports.arf(body)).mail
        : `${JSON.stringify(await exports.xarf(body))}\n`
    await using output = await openOutput(out, environment)
    await output.write(text)
    return 0
  },
}

const OPTIONS = {
  ...actorOptions,
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
} as const

/** Batch after batch, each as the database takes it. */
async function statements(
  exports: ExportsClient,
  body: Parameters<ExportsClient['dsa']>[0],
  to: { readonly file: string | undefined; readonly environment: CommandEnvironment },
): Promise<ExitCode> {
  const { file, environment } = to
  let batch = await exports.dsa(body)
  // Only now: where nothing may be exported no file is left.
  await using output = await openOutput(file, environment)
  for (let exitCode: ExitCode = 0; ; batch = await exports.dsa({ ...body, after: batch.next })) {
    if (batch.statements.length > 0)
      await output.write(`${JSON.stringify({ statements: batch.statements })}\n`)
    for (const { decision, reason } of batch.refused)
      environment.err(`refused: ${decision} ${reason}\n`)
    for (const { puid } of batch.withdrawn) environment.err(`taken back: ${puid}\n`)
    if (batch.refused.length + batch.withdrawn.length > 0) exitCode = 1
    if (batch.next === undefined) return exitCode
  }
}
