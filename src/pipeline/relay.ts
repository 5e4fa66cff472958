import type { Stamp } from '../franking/stamp-store.ts'
import { suiteEntry, type Suite } from '../metadata/suite.ts'
import type { Answer } from '../model/answer.ts'
import type { NotifyExchange, SubmitMessageExchange } from '../model/exchange.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

/**
 * Whether anybody may be shown a frank at all. The sealed relay log is for reports like franks are, so
 * it is off where there are none.
 */
export function showsFranks(suite: Suite): boolean {
  return (suiteEntry(suite, 'message.frank', 'follower')?.ceiling ?? 'absent') !== 'absent'
}

/**
 * As the hub: the stamp and its entry in the relay log, both durable once it resolves. INVARIANT: where
 * the log is `ready` the entry is queued first, so there is no stamp on the disk without it.
 */
export async function keepStamp(
  parts: Pick<PipelineParts, 'relayLog' | 'logCoverage' | 'stamps' | 'clock'>,
  stamp: Stamp,
  { sender, frankingTag = NO_FRANK }: Tagged,
): Promise<Stamp> {
  const { relayLog, logCoverage, stamps, clock } = parts
  const { room, timestampMs, frank, sequence } = stamp
  const nowMs = clock()
  const logged = relayLog.record({
    room,
    frankingTag,
    sender,
    timestampMs,
    serverFrank: frank.serverFrank,
    sequence: BigInt(sequence),
    nowMs,
  })
  const [kept] = await Promise.all([stamps.put(stamp), logged, logCoverage.begin(room, nowMs)])
  return kept
}

interface Tagged {
  readonly sender: string
  /** There is none without a stamp. */
  readonly frankingTag: Buffer | undefined
}

/** As the sender's provider: what our user has sent to a room of another hub, once it was accepted. */
export function noteSent(
  { relayLog, clock }: Pick<PipelineParts, 'relayLog' | 'clock'>,
  { exchange, suite }: Passage<SubmitMessageExchange>,
  { operation, outcome }: Answer,
): void {
  const { room, sender, message } = exchange
  const { frankingTag } = message
  if (operation !== 'submitMessage' || outcome.kind !== 'accepted') return
  if (frankingTag === undefined || !showsFranks(suite)) return
  relayLog.note({
    room,
    frankingTag,
    sender,
    timestampMs: outcome.acceptedTimestampMs,
    serverFrank: outcome.frank?.serverFrank ?? NO_FRANK,
    sequence: undefined,
    nowMs: clock(),
  })
}

/** As a reporter's provider: what another hub has handed to us. It does not say who sent it. */
export function noteReceived(
  { relayLog, clock }: Pick<PipelineParts, 'relayLog' | 'clock'>,
  { exchange, suite }: Passage<NotifyExchange>,
): void {
  if (!showsFranks(suite)) return
  for (const { frame, frank, timestampMs } of exchange.items) {
    if (frame?.frankingTag === undefined) continue
    relayLog.note({
      room: exchange.room,
      frankingTag: frame.frankingTag,
      sender: '',
      timestampMs,
      serverFrank: frank?.serverFrank ?? NO_FRANK,
      sequence: undefined,
      nowMs: clock(),
    })
  }
}

const NO_FRANK = Buffer.alloc(32)
