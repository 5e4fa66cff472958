import type { DeadLetters, FeedList } from '../admin/webhooks-api.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions, wholeNumber } from './options.ts'

export const webhooksListCommand: Command = {
  name: 'webhooks list',
  summary: 'show who is told of cases, and what they did not take',
  usage: `[--dead NAME] [--limit N] [--json] [--config FILE | --socket PATH]

  --dead NAME  what this one did not take, newest first
  --limit N    at most N of them, 1 to 1000; 100 by default

Webhooks by their names; \`siem\` and \`coop\` are the other two of the configuration.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      dead: { type: 'string' },
      limit: { type: 'string', default: '100' },
    })
    expectPositionals(positionals, [])
    const limit = wholeNumber(values.limit, '--limit', 1_000)
    await using client = await connectControl(values, environment)
    if (values.dead === undefined) {
      const list = await client.webhooks.list()
      out(values.json ? `${JSON.stringify(list)}\n` : feedLines(list))
    } else {
      const letters = await client.webhooks.deadLetters(values.dead, limit)
      out(values.json ? `${JSON.stringify(letters)}\n` : letterLines(letters))
    }
    return 0
  },
}

export const webhooksTestCommand: Command = {
  name: 'webhooks test',
  summary: 'send one event to a webhook now',
  usage: `NAME [--json] [--config FILE | --socket PATH]

Exits with 1 unless it was taken.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, ['NAME'])
    await using client = await connectControl(values, environment)
    const result = await client.webhooks.test(positionals[0] ?? '')
    const { status = 0, fault } = result
    const isTaken = status >= 200 && status < 300
    const text = fault ?? `${isTaken ? 'taken' : 'not taken'}: ${status}`
    environment.out(values.json ? `${JSON.stringify(result)}\n` : `${text}\n`)
    return isTaken ? 0 : 1
  },
}

export const webhooksRedriveCommand: Command = {
  name: 'webhooks redrive',
  summary: 'try again what a webhook did not take',
  usage: `NAME [--number N] [--json] [--config FILE | --socket PATH]

  --number N  only the event of this number

Events keep their ids and numbers: a receiver that had one after all knows it again.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      number: { type: 'string' },
    })
    expectPositionals(positionals, ['NAME'])
    const number =
      values.number === undefined
        ? undefined
        : wholeNumber(values.number, '--number', Number.MAX_SAFE_INTEGER)
    await using client = await connectControl(values, environment)
    const result = await client.webhooks.redrive(positionals[0] ?? '', number)
    const text = `${result.redriven} to be tried again\n`
    environment.out(values.json ? `${JSON.stringify(result)}\n` : text)
    return 0
  },
}

function feedLines({ feeds }: FeedList): string {
  if (feeds.length === 0) return 'nobody is told\n'
  return feeds
    .map(({ name, kind, number, waiting, deadLetters, lost, ...health }) => {
      const counts = `number ${number}  waiting ${waiting}  dead ${deadLetters}  lost ${lost}`
      return `${name.padEnd(16)} ${kind.padEnd(8)} ${stateOf(health)}  ${counts}\n`
    })
    .join('')
}

function stateOf({
  failures,
  status,
  fault,
}: Pick<FeedList['feeds'][number], 'failures' | 'status' | 'fault'>): string {
  return failures === 0 ? 'up' : `failed ${failures} times: ${fault ?? status ?? 'no answer'}`
}

function letterLines({ letters }: DeadLetters): string {
  if (letters.length === 0) return 'no dead letters\n'
  return letters
    .map(({ number, event, case: about, reason, status, againAtMs }) => {
      const why = status === undefined ? reason : `${reason} ${status}`
      const again = againAtMs === undefined ? '' : '  to be tried again'
      return `${String(number).padStart(8)}  ${event.padEnd(16)} ${about}  ${why}${again}\n`
    })
    .join('')
}
