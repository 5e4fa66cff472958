import {
  backoffMs,
  verdictOfFault,
  verdictOfStatus,
  type Verdict,
} from '../delivery/outbox-verdict.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'
import { readMessage } from './judge-message.ts'
import type { NoticeKeys, SendMessage } from './ports.ts'
import { takeAnswer, type ReceivingParts } from './receive-message.ts'
import { PAUSE_MAX_MS, type SentNotice } from './sent-notices.ts'
import { signMessage } from './signed-message.ts'

export interface SenderParts extends Omit<
  ReceivingParts,
  'home' | 'evidence' | 'received' | 'self'
> {
  readonly keys: NoticeKeys
  readonly send: SendMessage
  /** Called with what is no fault of a peer. */
  readonly onFault: (fault: unknown) => void
}

/** Hands over what waits: one message after the other to each peer, eight peers at the same time. */
export interface NoticeSender {
  /** Sends what is due; a call while another is under way joins it. Never throws. */
  sendDue(): Promise<void>
  /** Begins nothing new; resolves when what is under way has ended or was given up. */
  stop(): Promise<void>
}

export function createNoticeSender(parts: SenderParts): NoticeSender {
  const aborter = new AbortController()
  let running: Promise<void> | undefined
  const run = async (): Promise<void> => {
    const lanes = [...Map.groupBy(parts.sent.due(parts.clock()), ({ peer }) => peer).values()]
    const work = async (): Promise<void> => {
      for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift())
        await sendLane(parts, lane, aborter.signal)
    }
    await Promise.all(Array.from({ length: PEERS_AT_ONCE }, work))
  }
  return {
    sendDue: () => {
      if (aborter.signal.aborted) return Promise.resolve()
      running ??= run()
        .catch(parts.onFault)
        .finally(() => {
          running = undefined
        })
      return running
    },
    stop: async () => {
      aborter.abort()
      await running
    },
  }
}

/** Where nothing gets through, the rest waits for the next turn. */
async function sendLane(
  parts: SenderParts,
  lane: readonly SentNotice[],
  signal: AbortSignal,
): Promise<void> {
  for (const notice of lane) {
    if (signal.aborted) return
    const verdict = await attempt(parts, notice, signal)
    if (verdict.kind === 'interrupted') return
    await settle(parts, notice, verdict)
    if (verdict.kind === 'peer-down') return
  }
}

async function attempt(
  parts: SenderParts,
  notice: SentNotice,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const peer = parseProviderDomain(notice.peer)
    // Signed when it is sent, so that the key is one of our document in force.
    const bytes = Buffer.from(signMessage(notice.message, parts.keys.signer()).jws)
    const answer = await parts.send({ peer, bytes, signal })
    const verdict = verdictOfStatus(answer.status, answer.retryAfterMs)
    if (verdict.kind !== 'delivered') return verdict
    return await acknowledge(parts, { notice, peer, bytes: answer.bytes })
  } catch (fault) {
    if (!(fault instanceof GatewayError)) parts.onFault(fault)
    return verdictOfFault(fault)
  }
}

/** A notice has arrived when the peer says so over its signature; anything else is no answer. */
async function acknowledge(
  parts: SenderParts,
  { notice, peer, bytes }: { notice: SentNotice; peer: ProviderDomain; bytes: Buffer },
): Promise<Verdict> {
  const { id, message } = notice
  if (message.type === 'answer' || message.type === 'retract') {
    await parts.sent.delivered(id, parts.clock())
    return { kind: 'delivered' }
  }
  const { message: answer, signed } = await readMessage(bytes, peer, parts.keys)
  if (answer.type !== 'answer' || answer.in_reply_to !== id) return NO_ANSWER
  await takeAnswer(parts, peer, { message: answer, jws: signed.jws })
  return { kind: 'delivered' }
}

async function settle(
  { sent, clock, randomness }: SenderParts,
  { id, attempts }: SentNotice,
  verdict: Verdict,
): Promise<void> {
  switch (verdict.kind) {
    case 'delivered':
    case 'expired':
    case 'withdrawn':
    case 'interrupted':
      return
    case 'rejected':
      await sent.refused(id, verdict.status)
      return
    case 'retry':
    case 'peer-down': {
      const pauseMs = backoffMs(attempts + 1, verdict.afterMs, { ...BACKOFF, randomness })
      await sent.retryAt(id, clock() + Math.min(pauseMs, PAUSE_MAX_MS))
    }
  }
}

const NO_ANSWER: Verdict = { kind: 'retry', afterMs: 0, status: undefined }
const BACKOFF = { baseMs: 5_000, maxMs: PAUSE_MAX_MS }
const PEERS_AT_ONCE = 8
