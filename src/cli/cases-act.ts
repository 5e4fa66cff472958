import { ACTOR_USAGE, actorOf, actorOptions } from './case-options.ts'
import { bulkText, caseLine } from './case-text.ts'
import type { CaseDetailView, CasesClient } from './cases-client.ts'
import { UsageError, type Command, type CommandEnvironment, type ExitCode } from './command.ts'
import { connectControl } from './connect-control.ts'
import { expectPositionals, readOptions } from './options.ts'

const NOTED = {
  ...actorOptions,
  note: { type: 'string', default: '' },
} as const
const NOTE_USAGE = `${ACTOR_USAGE}
  --note TEXT  plain text for the log`
const WHERE = '[--json] [--config FILE | --socket PATH]'

export const casesClaimCommand: Command = {
  name: 'cases claim',
  summary: 'hold a case for the length of a lease, or renew that',
  usage: `ID --as NAME [--mfa] ${WHERE}\n\n${ACTOR_USAGE}`,
  run: (args, environment) => {
    const { values, positionals } = readOptions(args, actorOptions)
    return acting({ values, positionals, environment }, (cases, id) =>
      cases.claim(id, actorOf(values)),
    )
  },
}

export const casesReleaseCommand: Command = {
  name: 'cases release',
  summary: 'give a case back',
  usage: `ID --as NAME [--mfa] [--note TEXT] ${WHERE}\n\n${NOTE_USAGE}`,
  run: (args, environment) => {
    const { values, positionals } = readOptions(args, NOTED)
    const { note } = values
    return acting({ values, positionals, environment }, (cases, id) =>
      cases.release(id, { ...actorOf(values), note }),
    )
  },
}

export const casesHandoverCommand: Command = {
  name: 'cases handover',
  summary: 'give a case to a colleague',
  usage: `ID --as NAME --to NAME [--mfa] [--note TEXT] ${WHERE}\n\n${NOTE_USAGE}`,
  run: (args, environment) => {
    const { values, positionals } = readOptions(args, { ...NOTED, to: { type: 'string' } })
    const { to, note } = values
    if (to === undefined) throw new UsageError('expected --to and a name')
    return acting({ values, positionals, environment }, (cases, id) =>
      cases.handOver(id, { ...actorOf(values), to, note }),
    )
  },
}

export const casesApproveCommand: Command = {
  name: 'cases approve',
  summary: 'agree to what a colleague proposed, or not',
  usage: `ID --as NAME [--mfa] [--reject] [--note TEXT] ${WHERE}

${NOTE_USAGE}
  --reject     do not agree: the case is open again`,
  run: (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...NOTED,
      reject: { type: 'boolean', default: false },
    })
    const { reject, note } = values
    return acting({ values, positionals, environment }, (cases, id) =>
      cases.approve(id, { ...actorOf(values), agree: !reject, note }),
    )
  },
}

export const casesUndoCommand: Command = {
  name: 'cases undo',
  summary: 'take back a decision, or one about many cases, with all that it did',
  usage: `ID | BULK --as NAME [--mfa] [--note TEXT] ${WHERE}\n\n${NOTE_USAGE}`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, NOTED)
    const body = { ...actorOf(values), note: values.note }
    const [first = ''] = positionals
    if (!first.startsWith('bulk-'))
      return acting({ values, positionals, environment }, (cases, id) => cases.undo(id, body))
    expectPositionals(positionals, ['BULK'])
    await using client = await connectControl(values, environment)
    const undone = await client.cases.undoBulk(first, body)
    environment.out(values.json ? `${JSON.stringify(undone)}\n` : bulkText(undone))
    return undone.lines.every(({ result }) => result === 'undone') ? 0 : 1
  },
}

export const casesHoldCommand: Command = {
  name: 'cases hold',
  summary: 'keep a case from being deleted, or lift that',
  usage: `ID --as NAME [--mfa] [--lift] [--note TEXT] ${WHERE}

${NOTE_USAGE}
  --lift       it may be deleted again when its time has come`,
  run: (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...NOTED,
      lift: { type: 'boolean', default: false },
    })
    const { lift, note } = values
    return acting({ values, positionals, environment }, (cases, id) =>
      cases.hold(id, { ...actorOf(values), set: !lift, note }),
    )
  },
}

interface Acting {
  readonly values: {
    readonly json: boolean
    readonly socket?: string | undefined
    readonly config?: string | undefined
  }
  readonly positionals: readonly string[]
  readonly environment: CommandEnvironment
}

/** Does something to one case and shows it as it is then. */
async function acting(
  { values, positionals, environment }: Acting,
  work: (cases: CasesClient, id: string) => Promise<CaseDetailView>,
): Promise<ExitCode> {
  expectPositionals(positionals, ['ID'])
  await using client = await connectControl(values, environment)
  const detail = await work(client.cases, positionals[0] ?? '')
  environment.out(values.json ? `${JSON.stringify(detail)}\n` : caseLine(detail.case))
  return 0
}
