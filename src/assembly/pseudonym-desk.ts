import type { PseudonymDesk } from '../listener/token-desks.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { pseudonymsMax, roomAuthKeysToProve } from '../pipeline/room-policy.ts'
import type { TokenOffer } from '../privacypass/challenge-header.ts'
import { pseudonymChallenge } from '../privacypass/pseudonym-certificate.ts'
import { epochSeconds, epochStartSeconds } from '../privacypass/pseudonym-epoch.ts'
import { parseToken } from '../privacypass/token.ts'
import type { LimitOutcome } from '../ratelimit/limiter.ts'
import type { IssuerKeys } from '../senders/issuer-keys.ts'
import { WireError } from '../wire/errors.ts'

export interface PseudonymDeskOptions {
  readonly parts: Pick<PipelineParts, 'rooms' | 'senders' | 'membershipProof' | 'peers' | 'limiter'>
  readonly issuerKeys: IssuerKeys
  readonly clock: Clock
}

/** Certificates that clients show to us themselves, for rooms of ours. docs/pseudonymous-senders.md */
export function createPseudonymDesk(options: PseudonymDeskOptions): PseudonymDesk {
  const { parts, issuerKeys, clock } = options
  const hub = parts.peers.self
  return {
    offers: async (room) => {
      const nowMs = clock()
      const epochStart = epochStartSeconds(nowMs)
      const maxAgeSeconds = Math.floor(epochStart + epochSeconds - nowMs / 1_000)
      const offers = await Promise.all(
        providersOf(options, room).map(async (issuer) => {
          const scope = { hub, room, issuer }
          const keys = await keysOf(issuerKeys, issuer)
          return keys.map(({ tokenType, publicKey }) => ({
            challenge: pseudonymChallenge(scope, epochStart, tokenType),
            tokenKey: publicKey,
            maxAgeSeconds,
          }))
        }),
      )
      return offers.flat().toSorted(forEverybodyFirst)
    },
    admitCertificate: async ({ room, publicKey, token, membership }) => {
      requireTaken(await parts.limiter.mayVerify({ kind: 'clients' }, clock()))
      const provider = await issuerOf(options, room, token)
      return parts.senders.admit({
        room,
        provider,
        admission: { token, publicKey },
        membership,
        roomAuthKeys: roomAuthKeysToProve(parts, room),
        pseudonymsMax: pseudonymsMax(parts, { room, provider }),
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

function requireTaken(outcome: LimitOutcome): void {
  if (outcome.kind === 'allowed') return
  const { limit, retryAfterMs } = outcome
  throw new GatewayError('rate-limited', { facts: { limit }, retryAfterMs })
}

/** The provider in the room whose key signed the token. Throws `room-unknown`, `token-invalid`. */
async function issuerOf(
  options: PseudonymDeskOptions,
  room: MimiUri,
  token: Buffer,
): Promise<ProviderDomain> {
  const keyId = tokenKeyId(token)
  for (const provider of providersOf(options, room)) {
    const keys = await keysOf(options.issuerKeys, provider)
    if (keys.some((key) => key.keyId.equals(keyId))) return provider
  }
  throw new GatewayError('token-invalid', { facts: { reason: 'unknown-key' } })
}

function tokenKeyId(token: Buffer): Buffer {
  try {
    return parseToken(token).tokenKeyId
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new GatewayError('token-invalid', { facts: { reason: 'malformed-token' }, cause })
  }
}

function providersOf({ parts }: PseudonymDeskOptions, room: MimiUri): readonly ProviderDomain[] {
  const state = parts.rooms.find(room)
  if (state === undefined) throw new GatewayError('room-unknown')
  return state.providers.slice(0, PROVIDERS_MAX).map((domain) => parseProviderDomain(domain))
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

/** Of larger rooms only some: their other clients come with their first message. */
const PROVIDERS_MAX = 32
