import type { KeyList } from '../admin/keys-api.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const keysListCommand: Command = {
  name: 'keys list',
  summary: 'list the keys of a running server, without what is secret',
  usage: `[--json] [--config FILE | --socket PATH]

One line for each key: purpose, id, state, from when and until when it counts.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const list = await client.keys.list()
    out(values.json ? `${JSON.stringify(list)}\n` : keysText(list.keys))
    return 0
  },
}

/** A table, ordered by purpose, the newest key of each first. */
export function keysText(keys: KeyList['keys']): string {
  const ordered = keys.toSorted((a, b) =>
    a.purpose === b.purpose ? b.activeFromMs - a.activeFromMs : a.purpose < b.purpose ? -1 : 1,
  )
  return ordered
    .map(({ purpose, id, state, activeFromMs, expiresAtMs }) => {
      const until = expiresAtMs === undefined ? '' : ` until ${minuteOf(expiresAtMs)}`
      const time = `from ${minuteOf(activeFromMs)}${until}`
      return `${purpose.padEnd(26)} ${id}  ${state.padEnd(7)}  ${time}\n`
    })
    .join('')
}

function minuteOf(timestampMs: number): string {
  return `${new Date(timestampMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
