import { rotatablePurposes, type RotatablePurpose } from '../admin/keys-api.ts'
import { UsageError, type Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { keysText } from './keys-list.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const keysRotateCommand: Command = {
  name: 'keys rotate',
  summary: 'make a new key for a purpose',
  usage: `PURPOSE [--now] [--json] [--config FILE | --socket PATH]

  PURPOSE  one of ${rotatablePurposes.join(', ')}
  --now    with token-issuer: the keys in use end at once, and every token that was had under them.
           Only where others may know them. Without it the new keys take over at the begin of a day,
           a day from now at least, and tokens of both are taken for a week.

A running server rotates the keys of its issuer by itself, every 90 days. What the keys of other
purposes have made stays readable. The key hub-signing cannot be rotated: rooms name it.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      now: { type: 'boolean', default: false },
    })
    expectPositionals(positionals, ['purpose'])
    const purpose = parsePurpose(positionals[0])
    if (values.now && purpose !== 'token-issuer')
      throw new UsageError('expected --now with token-issuer only')
    await using client = await connectControl(values, environment)
    const rotation = await client.keys.rotate({ purpose, now: values.now })
    if (values.json) out(`${JSON.stringify(rotation)}\n`)
    else {
      out(keysText(rotation.keys))
      if (rotation.restart) out('the new key is used after a restart\n')
    }
    return 0
  },
}

function parsePurpose(text: string | undefined): RotatablePurpose {
  const purpose = rotatablePurposes.find((known) => known === text)
  if (purpose === undefined) throw new UsageError(`expected one of ${rotatablePurposes.join(', ')}`)
  return purpose
}
