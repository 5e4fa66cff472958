import { verifiesWith } from '../metadata/requirements/jws.ts'
import { GatewayError } from '../model/errors.ts'
import { parseMimiUri, uriDomain, type ProviderDomain } from '../model/ids.ts'
import type { Notice, NoticeMessage, StrikeNotice } from './messages.ts'
import type { NoticeKeys } from './ports.ts'
import { openMessage, type SignedMessage } from './signed-message.ts'

/**
 * A message that this peer signed. Throws `malformed-body` (no canonical JWS), `notice-invalid` (kind,
 * schema, another sender), `invalid-signature`, and `key-unavailable` where none of the peer's keys that
 * we accepted made the signature.
 */
export async function readMessage(
  bytes: Buffer,
  peer: ProviderDomain,
  keys: Pick<NoticeKeys, 'of' | 'refresh'>,
): Promise<SignedMessage> {
  const opened = openMessage(bytes)
  if (opened.kind === 'malformed') {
    const { reason } = opened
    const code = reason === 'kind' || reason === 'schema' ? 'notice-invalid' : 'malformed-body'
    throw new GatewayError(code, { facts: { reason } })
  }
  const { message, signed } = opened
  if (message.from !== peer) throw invalid('from')
  let verdict = verifiesWith(signed, keys.of(peer))
  if (verdict === 'wrong-key') {
    // It may have published a new key since we looked.
    await keys.refresh(peer)
    verdict = verifiesWith(signed, keys.of(peer))
  }
  switch (verdict) {
    case 'verified':
      return { message, signed }
    case 'bad-signature':
      throw new GatewayError('invalid-signature', { facts: { part: 'notice' } })
    case 'wrong-key':
      throw new GatewayError('key-unavailable', { facts: { reason: 'not-in-document' } })
  }
}

/** Throws `notice-early`, which the sender tries again, or `notice-invalid` for what is half a year old. */
export function checkIssued({ issued_at: issuedAt }: NoticeMessage, nowMs: number): void {
  const issuedMs = Date.parse(issuedAt)
  if (issuedMs > nowMs + SKEW_MS) throw new GatewayError('notice-early')
  if (issuedMs < nowMs - noticeKeptMs) throw invalid('stale')
}

/**
 * When a notice has to be answered. Throws `notice-invalid` for a subject of another provider, a deadline
 * that is over or too far away, and a strike of another time.
 */
export function checkSubject(
  message: Notice | StrikeNotice,
  { self, nowMs }: { readonly self: ProviderDomain; readonly nowMs: number },
): number | undefined {
  if (subjectDomain(message.subject_pseudonym) !== self) throw invalid('subject')
  const untilMs = message.answer_by === undefined ? undefined : Date.parse(message.answer_by)
  if (untilMs !== undefined && (untilMs <= nowMs || untilMs > nowMs + deadlineMsMax))
    throw invalid('deadline')
  if (message.type === 'strike') {
    const epochMs = message.epoch_start * 1_000
    if (epochMs > nowMs + DAY_MS || epochMs < nowMs - STRIKE_AGE_MS) throw invalid('epoch')
  }
  return untilMs
}

function subjectDomain(uri: string): ProviderDomain | undefined {
  try {
    return uriDomain(parseMimiUri(uri, 'user'))
  } catch {
    return undefined
  }
}

function invalid(reason: string): GatewayError {
  return new GatewayError('notice-invalid', { facts: { reason } })
}

const DAY_MS = 86_400_000
/** How long notices are kept, on both sides. */
export const noticeKeptMs = 180 * DAY_MS
/** How far away a deadline may be. */
const deadlineMsMax = 90 * DAY_MS
/** As long as submissions are remembered, and a day more for the epoch itself. */
const STRIKE_AGE_MS = 31 * DAY_MS
const SKEW_MS = 300_000
