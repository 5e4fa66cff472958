import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions, wholeNumber } from './options.ts'
import { sanctionText } from './sanction-text.ts'

export const sanctionsApplyCommand: Command = {
  name: 'sanctions apply',
  summary: 'ban, limit, retract or label in a room of ours',
  usage: `KIND --room ROOM --reason CODE [options] [--json] [--config FILE | --socket PATH]

  ban     --participant URI                       as the room shows it: a user or a pseudonym
  limit   --participant URI --divisor N --hours N  its budget is that of others divided by N
  retract [--tag HEX] [--message HEX]             by the franking tag, the message id, or both
  label   --participant URI | [--tag HEX] [--message HEX]   with --label NAME --hours N

Works at the hub at once and after a restart. What the group has to agree on is proposed to its
members: postern sanctions show ID says how far it has come.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      room: { type: 'string' },
      reason: { type: 'string' },
      participant: { type: 'string' },
      divisor: { type: 'string' },
      hours: { type: 'string' },
      tag: { type: 'string' },
      message: { type: 'string' },
      label: { type: 'string' },
    })
    expectPositionals(positionals, ['KIND'])
    const [kind = ''] = positionals
    const order = orderOf(kind, { ...values, nowMs: environment.clock() })
    await using client = await connectControl(values, environment)
    const view = await client.sanctions.apply(order)
    out(values.json ? `${JSON.stringify(view)}\n` : sanctionText(view))
    return 0
  },
}

type Option = 'room' | 'reason' | 'participant' | 'divisor' | 'hours' | 'tag' | 'message' | 'label'
type Given = { readonly [Name in Option]?: string | undefined } & { readonly nowMs: number }

function orderOf(kind: string, given: Given): object {
  const shared = { kind, room: needed(given, 'room'), reason: needed(given, 'reason') }
  switch (kind) {
    case 'ban':
      return { ...shared, participant: needed(given, 'participant') }
    case 'limit':
      return {
        ...shared,
        participant: needed(given, 'participant'),
        divisor: whole(given, 'divisor'),
        expiresAtMs: expiry(given),
      }
    case 'retract':
      return { ...shared, message: messageOf(given) }
    case 'label': {
      const { participant } = given
      const target =
        participant === undefined
          ? { kind: 'message', ...messageOf(given) }
          : { kind: 'participant', participant }
      return { ...shared, target, label: needed(given, 'label'), expiresAtMs: expiry(given) }
    }
    default:
      throw new UsageError('expected ban, limit, retract or label')
  }
}

function messageOf({ tag, message }: Given): object {
  if (tag === undefined && message === undefined)
    throw new UsageError('expected --tag, --message or both')
  return {
    ...(tag !== undefined && { frankingTag: tag }),
    ...(message !== undefined && { messageId: message }),
  }
}

function expiry(given: Given): number {
  return given.nowMs + whole(given, 'hours') * HOUR_MS
}

function whole(given: Given, option: Option): number {
  return wholeNumber(needed(given, option), `--${option}`)
}

function needed(given: Given, option: Option): string {
  const value = given[option]
  if (value === undefined) throw new UsageError(`expected --${option}`)
  return value
}

const HOUR_MS = 3_600_000
