import type { PeerAnswer, PeerCall } from '../delivery/peer-call.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'

export interface AgreedCallParts {
  readonly call: (call: PeerCall) => Promise<PeerAnswer>
  /** Looks at the peer's document again. */
  readonly refresh: (peer: ProviderDomain) => Promise<void>
  /** The id to name, without those that the peer did not take. Throws as `termsAsking`. */
  readonly agreement: (refused: ReadonlySet<string>) => string | undefined
}

/**
 * A call that names an agreement. Where the peer does not know it both sides look at each other's
 * document and we try once more; where the peer's operator has not approved it, the older one is
 * named. Throws `agreement-stale` and `agreement-pending` where that does not help, and what
 * `PeerClients.call` throws.
 */
export async function agreedCall(
  { call, refresh, agreement }: AgreedCallParts,
  peerCall: Omit<PeerCall, 'agreement'>,
): Promise<PeerAnswer> {
  const first = agreement(NONE)
  const answer = await call({ ...peerCall, agreement: first })
  const refusal = refusalOf(answer)
  if (refusal === undefined) return answer
  if (refusal === 'agreement-stale') await refresh(peerCall.peer)
  const refused = refusal === 'agreement-pending' && first !== undefined ? new Set([first]) : NONE
  const again = await call({ ...peerCall, agreement: agreement(refused) })
  const persistent = refusalOf(again)
  if (persistent === undefined) return again
  throw new GatewayError(persistent, { retryAfterMs: again.retryAfterMs ?? RETRY_MS })
}

function refusalOf({ status, bytes }: PeerAnswer) {
  if (status !== 409 || bytes.length > PROBLEM_BYTES_MAX) return undefined
  const text = bytes.toString('latin1')
  return REFUSALS.find((code) => text.includes(`"urn:postern:error:${code}"`))
}

const REFUSALS = ['agreement-stale', 'agreement-pending'] as const
const NONE: ReadonlySet<string> = new Set()
const PROBLEM_BYTES_MAX = 4_096
const RETRY_MS = 30_000
