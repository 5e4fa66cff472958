import type { LimitsAnswer } from '../admin/limits-api.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { rateText, round, tableText } from './limits-text.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const limitsExplainCommand: Command = {
  name: 'limits explain',
  summary: 'show what each rate limit would say of an exchange now',
  usage: `OPERATION [--peer DOMAIN] [--room URI] [--sender URI] [--target URI] [--tier TIER]
  [--size N] [--json] [--config FILE | --socket PATH]

  OPERATION      submitMessage, keyMaterial, …
  --peer DOMAIN  who asks; our own delivery service without it
  --room URI     of which room
  --sender URI   who sends or requests
  --target URI   of whom it is asked
  --tier TIER    how the sender shows itself: identified by default, room-pseudonym, epoch-pseudonym,
                 message-token
  --size N       octets of the body; 0 by default

The rungs in the order in which they are climbed, each as it stands. Nothing is taken. Where the
question does not say whose budget it is, a rung is unknown. Exit code 1 if one would limit it.`,
  run: async (args, environment) => {
    const { values, positionals } = readOptions(args, {
      ...controlOptions,
      peer: { type: 'string' },
      room: { type: 'string' },
      sender: { type: 'string' },
      target: { type: 'string' },
      tier: { type: 'string' },
      size: { type: 'string' },
    })
    expectPositionals(positionals, ['OPERATION'])
    const { peer, room, sender, target, tier, size } = values
    await using client = await connectControl(values, environment)
    const question = { operation: positionals[0], peer, room, sender, target, tier, size }
    const answer = await client.limits.explain(question)
    environment.out(values.json ? `${JSON.stringify(answer)}\n` : answerText(answer))
    const isLimited = answer.rungs.some(
      ({ mode, verdict }) => mode === 'enforce' && verdict === 'limits',
    )
    return isLimited ? 1 : 0
  },
}

function answerText({ rungs }: LimitsAnswer): string {
  const head = ['limit', 'mode', 'says', 'takes', 'left', 'of', 'rate']
  const rows = rungs.map(
    ({ limit, mode, verdict, cost, left, burst, perSecond, retryAfterMs = 0 }) => [
      limit,
      mode,
      retryAfterMs > 0 ? `limits for ${round(retryAfterMs / 1_000)} s` : verdict,
      cost === 0 ? 'nothing' : String(cost),
      left === undefined ? '-' : String(round(left)),
      String(burst),
      rateText(perSecond),
    ],
  )
  return tableText([head, ...rows])
}
