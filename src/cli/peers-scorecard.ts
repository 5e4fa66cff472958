import type { ScorecardList } from '../admin/notices-api.ts'
import type { Command } from './command.ts'
import { connectControl } from './connect-control.ts'
import { controlOptions, expectPositionals, readOptions } from './options.ts'

export const peersScorecardCommand: Command = {
  name: 'peers scorecard',
  summary: 'show how other providers deal with notices of abuse',
  usage: `[--json] [--config FILE | --socket PATH]

Over 90 days: notices and strikes that were sent, answered in time, late, not at all and not taken; the
median time of an answer, how many were acted on, strikes that they acted on, and what they sent us.
Over 30 days: verified cases for each 10,000 messages, from 1,000 messages and 5 cases on.`,
  run: async (args, environment) => {
    const { out } = environment
    const { values, positionals } = readOptions(args, controlOptions)
    expectPositionals(positionals, [])
    await using client = await connectControl(values, environment)
    const list = await client.notices.scorecards()
    if (values.json) out(`${JSON.stringify(list)}\n`)
    else out(list.peers.length === 0 ? 'no notices yet\n' : list.peers.map(cardText).join(''))
    return 0
  },
}

function cardText(card: ScorecardList['peers'][number]): string {
  const { peer, sent, inTime, late, unanswered, open, refused, received, strikesUpheld } = card
  const { medianAnswerMs, actionedShare, casesPer10000 } = card
  const median = medianAnswerMs === undefined ? '-' : `${(medianAnswerMs / HOUR_MS).toFixed(1)} h`
  const share = actionedShare === undefined ? '-' : `${Math.round(actionedShare * 100)} %`
  const cases = casesPer10000 === undefined ? '' : `, ${casesPer10000.toFixed(2)} cases in 10,000`
  return (
    `${peer}  sent ${sent}: in time ${inTime}, late ${late}, unanswered ${unanswered}, open ${open}, ` +
    `refused ${refused}; median ${median}, acted on ${share}, strikes ${strikesUpheld}${cases}; ` +
    `received ${received}\n`
  )
}

const HOUR_MS = 3_600_000
