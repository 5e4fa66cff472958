import { encode } from '../wire/codec.ts'
import { abuseReportCodec } from '../wire/mimi/report-abuse.ts'
import { composeMessage, textBody } from '../client/mimi/franked-message.ts'
import type { Actor, Cast } from './cast.ts'
import { marksOf, type Marks, type Scenario } from './scenario.ts'
import { UNKNOWN_COMPONENT } from './scenarios-contacts.ts'
import { askedScenario } from './steps.ts'

/** reportAbuse: of a peer to us, of our own users to us, and of ours to another hub. */
export function reportScenarios(cast: Cast): readonly Scenario[] {
  return (['in', 'own', 'out'] as const).flatMap((way) =>
    [true, false].map((proven) => report(cast, { way, proven })),
  )
}

interface ReportCase {
  readonly way: 'in' | 'own' | 'out'
  /** Whether it brings the message that it is about. */
  readonly proven: boolean
}

function report(cast: Cast, { way, proven }: ReportCase): Scenario {
  const { names, open } = cast
  const request = marksOf(cast, 'request')
  const room =
    way === 'out' ? `mimi://${names.peer}/r/${request.word('room', 'room.id')}` : open.room
  const reporter = `mimi://${way === 'in' ? names.peer : names.self}/u/`
  const subject = way === 'out' ? cast.actor(names.peer, 'subject') : cast.cathy
  const reportingUser = `${reporter}${request.word('reporter', 'report.reporter')}`
  const form = cast.pseudonymous ? 'pseudonym-room' : 'exact'
  request.put('subject', SUBJECT, { value: subject.user, form })
  const body = reportBody(cast, { room, reportingUser, subject, proven }, request)
  return askedScenario({
    name: `reportAbuse ${way}${proven ? '' : ', without evidence'}`,
    view: {
      operation: 'reportAbuse',
      direction: way === 'out' ? 'egress' : 'ingress',
      other: way === 'own' ? undefined : names.peer,
      room,
      reads: 'hub',
      asks: 'follower',
    },
    place: { operation: 'reportAbuse', target: room, body },
    answer: () => ({ status: 201, body: Buffer.alloc(0) }),
    request,
    response: marksOf(cast, 'response'),
  })
}

export interface Reported {
  readonly room: string
  readonly reportingUser: string
  readonly subject: Actor
  readonly proven: boolean
}

/** A report of one message, with marks in its content, its note and an extension that nobody knows. */
export function reportBody(
  { randomness }: Cast,
  { room, reportingUser, subject, proven }: Reported,
  marks: Marks,
): Buffer {
  const said = textBody(marks.word('reported content', 'report.evidence'))
  const named = { senderUri: subject.user, roomUri: room }
  const { applicationData } = composeMessage(named, { body: said }, randomness)
  const frank = {
    serverFrank: randomness(32),
    frankingSignatureCiphersuite: 1,
    frankingIntegritySignature: randomness(64),
  }
  return encode(abuseReportCodec, {
    reportingUser,
    allegedAbuserUri: subject.user,
    reasonCode: 'reserved',
    note: Buffer.from(marks.word('note', 'report.note')),
    messages: proven
      ? [{ messageContent: applicationData, frank, acceptedTimestamp: 1_790_000_000_000n }]
      : [],
    abuseExtensions: {
      componentData: [{ componentId: UNKNOWN_COMPONENT, data: marks.unknown('extension') }],
    },
  })
}

const SUBJECT = ['report.subject', 'participants.list', 'sender.user'] as const
