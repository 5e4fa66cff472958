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
 * A call that names an agreement. Where the peer does not know it, both sides look at each other's
 * document and we try again; where that does not help, or where its operator has not approved it, the
 * older one is named. At most three attempts. Throws `agreement-stale` and `agreement-pending` where
 * none is taken, and what `PeerClients.call` throws.
 */
export async function agreedCall(
  { call, refresh, agreement }: AgreedCallParts,
  peerCall: Omit<PeerCall, 'agreement'>,
): Promise<PeerAnswer> {
  const refused = new Set<string>()
  for (let attempt = 1; ; attempt += 1) {
    const named = agreement(refused)
    const answer = await call({ ...peerCall, agreement: named })
    const refusal = refusalOf(answer)
    if (refusal === undefined) return answer
    if (attempt === ATTEMPTS_MAX) throw new GatewayError(refusal, { retryAfterMs: RETRY_MS })
    if (refusal === 'agreement-stale' && attempt === 1) await refresh(peerCall.peer)
    else if (named !== undefined) refused.add(named)
  }
}

function refusalOf({ status, bytes }: PeerAnswer) {
  if (status !== 409 || bytes.length > PROBLEM_BYTES_MAX) return undefined
  const text = bytes.toString('latin1')
  return REFUSALS.find((code) => text.includes(`"urn:postern:error:${code}"`))
}

const REFUSALS = ['agreement-stale', 'agreement-pending'] as const
const ATTEMPTS_MAX = 3
const PROBLEM_BYTES_MAX = 4_096
const RETRY_MS = 2_000
