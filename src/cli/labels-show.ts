import { labelPage } from '../metadata/labels/page.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { labelText } from './label-text.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const labelsShowCommand: Command = {
  name: 'labels show',
  summary: 'show what a room or another provider is shown, for people',
  usage: `--room URI | --peer DOMAIN [--json | --page] [--config FILE | --socket PATH]

  --room  a room of ours, or one of another hub in which our users are
  --peer  another provider: in rooms of ours, in its rooms, and outside rooms
  --page  the page for people, HTML`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      room: { type: 'string' },
      peer: { type: 'string' },
      page: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, [])
    const { room, peer, json, page } = values
    if ((room === undefined) === (peer === undefined))
      throw new UsageError('expected one of --room and --peer')
    if (json && page) throw new UsageError('expected one of --json and --page')
    await using client = await connectControl(values, environment)
    const label = await (room === undefined
      ? client.labelOfPeer(peer ?? '')
      : client.labelOfRoom(room))
    if (json) environment.out(`${JSON.stringify(label, undefined, 2)}\n`)
    else environment.out(page ? labelPage(label) : labelText(label))
    return 0
  },
}
