import type { FieldName, Form } from '../model/metadata.ts'
import { decode, encode } from '../wire/codec.ts'
import { abuseReportCodec, type AbuseReport } from '../wire/mimi/report-abuse.ts'
import type { Cast } from './cast.ts'
import type { Pair } from './interference.ts'
import { askedPair, type Side } from './pair-kit.ts'
import { marksOf, type View } from './scenario.ts'
import { reportBody } from './scenarios-reports.ts'

/** Who reports, and what the note says: to another hub, and to us as one. */
export function reportPairs(cast: Cast): readonly Pair[] {
  return ([true, false] as const).flatMap((inwards) =>
    [true, false].flatMap((proven) => {
      const { view, said, user } = reportOf(cast, { inwards, proven })
      const pair = (name: string, field: FieldName, rest: Differing): Pair =>
        askedPair(cast, {
          name: `reportAbuse ${inwards ? 'in' : 'out'}${proven ? '' : ', without evidence'}: ${name}`,
          field,
          part: 'request',
          alikeUpTo: rest.alikeUpTo,
          view,
          left: said(rest.left),
          right: said(rest.right),
        })
      return [
        pair('one reporter or another', 'report.reporter', {
          alikeUpTo: 'pseudonym-peer',
          left: { reportingUser: user('first') },
          right: { reportingUser: user('the-second-of-them') },
        }),
        pair('a note or none', 'report.note', {
          alikeUpTo: 'absent',
          left: { note: Buffer.from('they said it again') },
          right: { note: Buffer.alloc(0) },
        }),
      ]
    }),
  )
}

interface Differing {
  readonly alikeUpTo: Form
  readonly left: Partial<AbuseReport>
  readonly right: Partial<AbuseReport>
}

interface ReportCase {
  readonly inwards: boolean
  readonly proven: boolean
}

function reportOf(cast: Cast, { inwards, proven }: ReportCase) {
  const { names, maker, open } = cast
  const room = inwards ? open.room : `mimi://${names.peer}/r/${maker.word('room')}`
  const home = inwards ? names.peer : names.self
  const user = (name: string) => `mimi://${home}/u/${maker.word(name)}`
  const subject = inwards ? cast.cathy : cast.actor(names.peer, 'subject')
  const reported = { room, reportingUser: user('reporter'), subject, proven }
  const report = decode(abuseReportCodec, reportBody(cast, reported, marksOf(cast, 'request')))
  const said = (change: Partial<AbuseReport>): Side => ({
    place: {
      operation: 'reportAbuse',
      target: room,
      body: encode(abuseReportCodec, { ...report, ...change }),
    },
    answer: () => ({ status: 201, body: Buffer.alloc(0) }),
  })
  const view: View = {
    operation: 'reportAbuse',
    direction: inwards ? 'ingress' : 'egress',
    other: names.peer,
    room,
    reads: 'hub',
    asks: 'follower',
  }
  return { view, said, user }
}
