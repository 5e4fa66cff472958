import type { PseudonymDesk } from '../listener/token-desks.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { pseudonymsMax, roomAuthKeysToProve } from '../pipeline/room-policy.ts'
import type { TokenOffer } from '../privacypass/challenge-header.ts'
import { pseudonymChallenge, type Admission } from '../privacypass/pseudonym-certificate.ts'
import { epochSeconds, epochStartSeconds } from '../privacypass/pseudonym-epoch.ts'
import { readToken } from '../privacypass/token.ts'
import type { LimitOutcome } from '../ratelimit/limiter.ts'
import type { ArcCredentials } from '../senders/arc-credentials.ts'
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
    offers: async (room) => {
      const nowMs = clock()
      const epochStart = epochStartSeconds(nowMs)
      const maxAgeSeconds = Math.floor(epochStart + epochSeconds - nowMs / 1_000)
      const providers = providersOf(options, room)
      const offers = await Promise.all(
        providers.map(async (issuer) => {
          const scope = { hub, room, issuer }
          const keys = await keysOf(issuerKeys, issuer)
          return keys.map(({ tokenType, publicKey }) => ({
            challenge: pseudonymChallenge(scope, epochStart, tokenType),
            tokenKey: publicKey,
            maxAgeSeconds,
          }))
        }),
      )
      const presented = providers.flatMap((provider) => arc?.offer(room, provider) ?? [])
      return [...offers.flat().toSorted(forEverybodyFirst), ...presented]
    },
    admitCertificate: async ({ room, publicKey, token, membership }) => {
      const admission = { token, publicKey }
      const presented = presentationOf(options, room, admission)
      const provider = presented?.provider ?? (await issuerOf(options, room, token))
      return parts.senders.admit({
        room,
        provider,
        admission,
        membership,
        roomAuthKeys: roomAuthKeysToProve(parts, room),
        judge: presented?.judge,
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

/** Whose key a presentation names, and how it is checked; undefined for a token. */
function presentationOf(options: PseudonymDeskOptions, room: MimiUri, admission: Admission) {
  const { arc } = options
  const provider = arc?.providerOf(admission.token, providersOf(options, room))
  if (arc === undefined || provider === undefined) return undefined
  const presented = { admission, room, provider }
  return { provider, judge: { fit: () => arc.fit(presented), verify: () => arc.verify(presented) } }
}

/**
 * The provider in the room whose key signed the token; one that has changed its keys is looked up anew.
 * Throws `room-unknown`, `token-invalid`.
 */
async function issuerOf(
  options: PseudonymDeskOptions,
  room: MimiUri,
  token: Buffer,
): Promise<ProviderDomain> {
  const keyId = tokenKeyId(token)
  const providers = providersOf(options, room)
  for (const when of ['live', 'renewed'] as const) {
    const keys = await Promise.all(
      providers.map((provider) => keysOf(options.issuerKeys, provider, when)),
    )
    const isSigner = (_: ProviderDomain, at: number) =>
      keys[at]?.some((key) => key.keyId.equals(keyId)) === true
    const signer = providers.find(isSigner)
    if (signer !== undefined) return signer
  }
  throw new GatewayError('token-invalid', { facts: { reason: 'unknown-key' } })
}

function tokenKeyId(bytes: Buffer): Buffer {
  const token = readToken(bytes)
  if (token !== undefined) return token.tokenKeyId
  throw new GatewayError('token-invalid', { facts: { reason: 'malformed-token' } })
}

function providersOf({ parts }: PseudonymDeskOptions, room: MimiUri): readonly ProviderDomain[] {
  const state = parts.rooms.find(room)
  if (state === undefined) throw new GatewayError('room-unknown')
  return state.providers.slice(0, PROVIDERS_MAX).map((domain) => parseProviderDomain(domain))
}

/** Of a provider that cannot be asked now there are none. */
async function keysOf(
  issuerKeys: IssuerKeys,
  issuer: ProviderDomain,
  when: 'live' | 'renewed' = 'live',
) {
  try {
    return await issuerKeys[when](issuer)
  } catch (error) {
    if (error instanceof GatewayError) return []
    throw error
  }
}

/** Of larger rooms only some: their other clients come with their first message. */
const PROVIDERS_MAX = 32
