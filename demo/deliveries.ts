import { decode, encode } from '../src/wire/codec.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../src/wire/mimi/fanout.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../src/wire/mimi/submit-message.ts'
import { updateRequestCodec, updateRoomResponseCodec } from '../src/wire/mimi/update.ts'
import { doneBody, operationOf, targetOf } from './crossed.ts'
import { headerOf, type Crossing } from './recording.ts'
import { readFanout } from './sight-messages.ts'

/** A crossing that a claim was checked on, and whether it holds there. */
export type CheckedCrossing = readonly [crossing: Crossing, holds: boolean]

export interface Notify<Fanout extends FanoutMessage = FanoutMessage> {
  readonly crossing: Crossing
  readonly fanout: Fanout
}

/** What went to hubs and what came from them, decoded once, to be held against each other. */
export class Deliveries {
  readonly notifies: readonly Notify[]
  /** Of application messages. */
  readonly messages: readonly Notify<Extract<FanoutMessage, { kind: 'application' }>>[]
  readonly submissions: readonly Crossing[]
  readonly refused: readonly Crossing[]
  readonly updates: readonly Crossing[]

  constructor(crossings: readonly Crossing[]) {
    this.notifies = crossingsOf(crossings, 'notify').map((crossing) => ({
      crossing,
      fanout: readFanout(crossing),
    }))
    this.messages = this.notifies.flatMap(({ crossing, fanout }) =>
      fanout.kind === 'application' ? [{ crossing, fanout }] : [],
    )
    const submitted = crossingsOf(crossings, 'submitMessage')
    this.submissions = submitted.filter((crossing) => acceptance(crossing) !== undefined)
    this.refused = submitted.filter((crossing) => acceptance(crossing) === undefined)
    this.updates = crossingsOf(crossings, 'update').filter(
      (crossing) => updateTime(crossing) !== undefined,
    )
  }

  /**
   * Whether each follower's body is exactly the submitted message with the time and the frank of the
   * hub's answer. A message that reached no follower is broken.
   */
  relayed(submission: Crossing): readonly CheckedCrossing[] {
    const { appMessage: message } = decode(submitMessageRequestCodec, submission.body)
    const answer = acceptance(submission)
    if (answer === undefined) return []
    const { acceptedTimestamp: timestamp, frank } = answer
    const fanout: FanoutMessage = { kind: 'application', timestamp, message, frank }
    const expected = encode(fanoutMessageCodec, fanout)
    const got = this.with(submission, message.bytes)
    if (got.length === 0) return [[submission, false]]
    return got.map(({ crossing }) => [crossing, crossing.body.equals(expected)])
  }

  /** Whether a hub fanned out the very commit or proposal that it was given. */
  isFannedOut(update: Crossing): boolean {
    const { proposalOrCommit } = decode(updateRequestCodec, update.body)
    return this.with(update, proposalOrCommit.bytes).length > 0
  }

  /** Whether a refused message reached nobody; 429 has to say when to try again. */
  staysAtHub(submission: Crossing): boolean {
    const { appMessage } = decode(submitMessageRequestCodec, submission.body)
    const { status = 0, headers = [] } = submission.answer ?? {}
    const saysWhen = status !== TOO_MANY_REQUESTS || Number(headerOf(headers, 'retry-after')) > 0
    return saysWhen && this.with(submission, appMessage.bytes).length === 0
  }

  /** Whether the last that a provider got of a room was a commit, while the room went on without it. */
  endsWithCommit(room: string, provider: string): readonly CheckedCrossing[] {
    const ofRoom = this.notifies.filter(({ crossing }) => targetOf(crossing) === room)
    const last = ofRoom.findLast(({ crossing }) => crossing.to === provider)
    if (last === undefined) return []
    const goesOn = this.messages.some(
      ({ crossing }) => targetOf(crossing) === room && crossing.index > last.crossing.index,
    )
    return [[last.crossing, last.fanout.kind === 'commit' && goesOn]]
  }

  /** The notifies that carry this message of the same room. */
  private with(origin: Crossing, message: Buffer): readonly Notify[] {
    return this.notifies.filter(
      ({ crossing, fanout }) =>
        targetOf(crossing) === targetOf(origin) && fanout.message.bytes.equals(message),
    )
  }
}

/** The time that a hub's bytes show for something that it accepted. */
export function shownTime(crossing: Crossing): bigint | undefined {
  const operation = operationOf(crossing)
  if (operation === 'notify') return readFanout(crossing).timestamp
  if (operation === 'submitMessage') return acceptance(crossing)?.acceptedTimestamp
  return operation === 'update' ? updateTime(crossing) : undefined
}

export function crossingsOf(crossings: readonly Crossing[], operation: string) {
  return crossings.filter((crossing) => operationOf(crossing) === operation)
}

function acceptance(crossing: Crossing) {
  const body = doneBody(crossing)
  const answer = body && decode(submitMessageResponseCodec, body)
  return answer?.statusCode === 'accepted' ? answer : undefined
}

function updateTime(crossing: Crossing): bigint | undefined {
  const body = doneBody(crossing)
  const answer = body && decode(updateRoomResponseCodec, body)
  return answer?.responseCode === 'success' ? answer.acceptedTimestamp : undefined
}

const TOO_MANY_REQUESTS = 429
