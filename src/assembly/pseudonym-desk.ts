import type { PseudonymDesk } from '../listener/token-desks.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { pseudonymsMax, roomAuthKeysToProve } from '../pipeline/room-policy.ts'
import type { TokenOffer } from '../privacypass/challenge-header.ts'
import { pseudonymChallenge, type AdmissionJudge } from '../privacypass/pseudonym-certificate.ts'
import { epochSeconds, epochStartSeconds } from '../privacypass/pseudonym-epoch.ts'
import type { LimitOutcome } from '../ratelimit/limiter.ts'
import type { ArcCredentials, PresentedAdmission } from '../senders/arc-credentials.ts'
import type { IssuerKeys } from '../senders/issuer-keys.ts'

export interface PseudonymDeskOptions {
  readonly parts: Pick<PipelineParts, 'rooms' | 'senders' | 'membershipProof' | 'peers' | 'limiter'>
  readonly issuerKeys: IssuerKeys
  /** Where presentations of credentials are taken. */
  readonly arc?: ArcCredentials | undefined
  readonly clock: Clock
}

/** Certificates that clients show to us themselves, for rooms of ours. docs/pseudonymous-senders.md */
export function createPseudonymDesk(options: PseudonymDeskOptions): PseudonymDesk {
  const { parts, issuerKeys, arc, clock } = options
  const hub = parts.peers.self
  return {
    offers: async ({ room, provider: name }) => {
      requireOurs(parts, room)
      const issuer = served(parts, name)
      const nowMs = clock()
      const epochStart = epochStartSeconds(nowMs)
      const maxAgeSeconds = Math.floor(epochStart + epochSeconds - nowMs / 1_000)
      const keys = await keysOf(issuerKeys, issuer)
      const offers = keys.map(({ tokenType, publicKey }) => ({
        challenge: pseudonymChallenge({ hub, room, issuer }, epochStart, tokenType),
        tokenKey: publicKey,
        maxAgeSeconds,
      }))
      return [...offers.toSorted(forEverybodyFirst), ...(arc ? [arc.offer(room, issuer)] : [])]
    },
    admitCertificate: async ({ room, provider: name, publicKey, token, membership }) => {
      requireOurs(parts, room)
      const provider = served(parts, name)
      const admission = { token, publicKey }
      return parts.senders.admit({
        room,
        provider,
        admission,
        membership,
        roomAuthKeys: roomAuthKeysToProve(parts, room),
        judge: judgeOf(options, { room, provider, admission }),
        pseudonymsMax: pseudonymsMax(parts, { room, provider }),
        takeVerification: async () =>
          requireTaken(await parts.limiter.mayVerify({ kind: 'clients' }, clock())),
        takeAdmission: async () =>
          requireTaken(await parts.limiter.mayAdmit({ provider, room }, clock())),
      })
    },
  }
}

/** Type 0x0002 is what clients of any provider can come with. */
function forEverybodyFirst(one: TokenOffer, other: TokenOffer): number {
  return Number(isForEverybody(other)) - Number(isForEverybody(one))
}

function isForEverybody({ challenge }: TokenOffer): boolean {
  return challenge.tokenType === 'blindRsa2048'
}

/** Throws `rate-limited`. */
export function requireTaken(outcome: LimitOutcome): void {
  if (outcome.kind === 'allowed') return
  const { limit, retryAfterMs } = outcome
  throw new GatewayError('rate-limited', { facts: { limit }, retryAfterMs })
}

/** How a presentation is checked; undefined for a token. */
function judgeOf(
  { arc }: PseudonymDeskOptions,
  presented: PresentedAdmission,
): AdmissionJudge | undefined {
  const { admission, provider } = presented
  if (arc?.providerOf(admission.token, [provider]) === undefined) return undefined
  return { fit: () => arc.fit(presented), verify: () => arc.verify(presented) }
}

/** Of providers that are not served there is no key: their number is bounded. Throws `not-found`. */
export function served({ peers }: Pick<PipelineParts, 'peers'>, name: string): ProviderDomain {
  const provider = parseProviderDomain(name)
  if (provider !== peers.self && peers.standing(provider) !== 'allowed')
    throw new GatewayError('not-found')
  return provider
}

/** Whose room it is anybody can read; whether it is there a token has to be shown for. Throws `room-unknown`. */
function requireOurs({ peers }: Pick<PipelineParts, 'peers'>, room: MimiUri): void {
  if (uriDomain(room) !== peers.self) throw new GatewayError('room-unknown')
}

/** Of a provider that cannot be asked now there are none. */
async function keysOf(issuerKeys: IssuerKeys, issuer: ProviderDomain) {
  try {
    return await issuerKeys.live(issuer)
  } catch (error) {
    if (error instanceof GatewayError) return []
    throw error
  }
}
