import { actionClasses, answerStates } from '../notices/messages.ts'
import type { NoticeView } from '../admin/notices-api.ts'
import { ACTOR_USAGE, actorOf, actorOptions } from './case-options.ts'
import { plainJson } from './case-text.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { checkText, openingLine, receivedLine, sentLine } from './notice-text.ts'
import { controlOptions, expectPositionals, readOptions, wholeNumber } from './options.ts'

export const noticesListCommand: Command = {
  name: 'notices list',
  summary: 'list notices of abuse to and from other providers',
  usage: `[--peer DOMAIN] [--limit N] [--json] [--config FILE | --socket PATH]

  --peer DOMAIN  only those to and from this provider
  --limit N      at most N in each direction, 1 to 1000; 100 by default

The newest first. A notice without a final answer at its deadline is unanswered.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      peer: { type: 'string' },
      limit: { type: 'string', default: '100' },
    })
    expectPositionals(positionals, [])
    const limit = wholeNumber(values.limit, '--limit', 1_000)
    await using client = await connectControl(values, environment)
    const page = { peer: values.peer, sentBefore: undefined, receivedBefore: undefined, limit }
    const list = await client.notices.list(page)
    if (values.json) out(`${JSON.stringify(list)}\n`)
    else if (list.sent.length + list.received.length === 0) out('no notices\n')
    else out([...list.sent.map(sentLine), ...list.received.map(receivedLine)].join(''))
    return 0
  },
}

export const noticesShowCommand: Command = {
  name: 'notices show',
  summary: 'show one notice, with what was signed and what our own log says of it',
  usage: `ID [--evidence --as NAME [--mfa]] [--json] [--config FILE | --socket PATH]

  --evidence  open the messages that came along; goes into the log
${ACTOR_USAGE}`,
  run: async (args, environment) => {
    const { out, err } = environment
    const { values, positionals } = readOptions(args, {
      ...actorOptions,
      evidence: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, ['ID'])
    const [id = ''] = positionals
    const actor = values.evidence ? actorOf(values) : undefined
    await using client = await connectControl(values, environment)
    const evidence = actor && (await client.notices.evidence(id, actor))
    const view = await client.notices.find(id)
    if (view === undefined) {
      err('no such notice\n')
      return 1
    }
    out(values.json ? `${JSON.stringify({ ...view, evidence })}\n` : viewText(view))
    if (evidence !== undefined && !values.json) out(`evidence\n${plainJson(evidence)}\n`)
    return 0
  },
}

function viewText({ sent, received, message, check, openings = [] }: NoticeView): string {
  return [
    ...(sent === undefined ? [] : [sentLine(sent)]),
    ...(received === undefined ? [] : [receivedLine(received)]),
    `${plainJson(message)}\n`,
    ...(check === undefined ? [] : [checkText(check)]),
    ...openings.map(openingLine),
  ].join('')
}

export const noticesRetractCommand: Command = {
  name: 'notices retract',
  summary: 'take a notice or strike of ours back',
  usage: `ID [--json] [--config FILE | --socket PATH]

The provider is told, and a strike no longer counts against it.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['ID'])
    await using client = await connectControl(values, environment)
    const view = await client.notices.retract(positionals[0] ?? '')
    const text = view.sent === undefined ? '' : sentLine(view.sent)
    environment.out(values.json ? `${JSON.stringify(view)}\n` : text)
    return 0
  },
}

export const noticesAnswerCommand: Command = {
  name: 'notices answer',
  summary: 'answer a notice of another provider',
  usage: `ID STATE [--action CLASS] [--json] [--config FILE | --socket PATH]

  STATE           ${answerStates.join(', ')}
  --action CLASS  ${actionClasses.join(', ')}`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      action: { type: 'string' },
    })
    expectPositionals(positionals, ['ID', 'STATE'])
    const [id = '', given] = positionals
    const state = answerStates.find((known) => known === given)
    const actionClass = actionClasses.find((known) => known === values.action)
    if (state === undefined) throw new UsageError(`expected one of ${answerStates.join(', ')}`)
    if (values.action !== undefined && actionClass === undefined)
      throw new UsageError(`expected an --action of ${actionClasses.join(', ')}`)
    await using client = await connectControl(values, environment)
    const answer = { state, ...(actionClass !== undefined && { actionClass }) }
    const view = await client.notices.answer(id, answer)
    const text = view.received === undefined ? '' : receivedLine(view.received)
    environment.out(values.json ? `${JSON.stringify(view)}\n` : text)
    return 0
  },
}
