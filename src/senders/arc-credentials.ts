import { createHash, type KeyObject } from 'node:crypto'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { Recent } from '../model/recent.ts'
import { derivedServerKey } from '../privacypass/arc/derived-keys.ts'
import { ARC_TOKEN_TYPE } from '../privacypass/arc/arc-messages.ts'
import { createArcScheme, readArcToken, type ArcScheme } from '../privacypass/arc/arc-scheme.ts'
import {
  credentialChallenge,
  credentialMonth,
  entryChallenge,
  presentationChallenge,
} from '../privacypass/arc/hub-scope.ts'
import { blindRsaScheme } from '../privacypass/blind-rsa/scheme.ts'
import type { TokenOffer } from '../privacypass/challenge-header.ts'
import { createCpuShare } from '../privacypass/cpu-share.ts'
import {
  admissionHash,
  type Admission,
  type AdmissionFit,
  type AdmissionVerdict,
} from '../privacypass/pseudonym-certificate.ts'
import {
  acceptedEpochStarts,
  epochSeconds,
  epochStartSeconds,
} from '../privacypass/pseudonym-epoch.ts'
import { pseudonymIdOf, pseudonymNonce, readPseudonymKey } from '../privacypass/pseudonym-key.ts'
import type { Spend, SpendOutcome, SpentTokens } from '../privacypass/spent-tokens.ts'
import { challengeBytes, challengeDigest } from '../privacypass/token-challenge.ts'
import type { VerifiedToken } from '../privacypass/token-scheme.ts'
import { readToken } from '../privacypass/token.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { Turns } from './turns.ts'

export interface ArcCredentialsOptions {
  readonly hub: ProviderDomain
  /** From which the keys are derived; looked up anew each time. */
  readonly master: () => KeyObject
  /** Presentations that a credential gives for each room and epoch, from 2 to 1,024. */
  readonly limit: number
  readonly spent: SpentTokens
  readonly issuerKeys: IssuerKeys
  readonly clock: Clock
  /** CPU that this thread has used so far, in ms. */
  readonly cpuMs: Clock
  readonly randomness: Randomness
}

/** What a client shows to get a credential. */
export interface CredentialOrder {
  readonly provider: ProviderDomain
  /** The octets of a token of type 0x0002 of that provider. */
  readonly token: Buffer
  /** The octets of a CredentialRequest. */
  readonly request: Buffer
  /** Takes an admission from the provider's budget. Throws `rate-limited`. */
  readonly takeAdmission: () => Promise<void>
  /** Takes a verification from the budget of who shows it: after all that is cheap. Throws `rate-limited`. */
  readonly takeVerification: () => Promise<void>
}

/** A presentation and the key that it is for, at a room of ours. */
export interface PresentedAdmission {
  readonly admission: Admission
  readonly room: MimiUri
  readonly provider: ProviderDomain
}

/**
 * The hub's anonymous rate-limited credentials. Each provider's users have a key of their own for each
 * month, so a presentation shows the provider by its key and nothing more. docs/arc.md
 */
export interface ArcCredentials {
  /** What a credential is given for, and what it is. Throws what `IssuerKeys.live` throws. */
  orders(provider: ProviderDomain): Promise<readonly TokenOffer[]>
  /**
   * A credential response for one token, which is spent then. Throws `rate-limited` over the share of the
   * CPU and what `takeAdmission` and `takeVerification` throw, `token-invalid`, `token-request-invalid`, `token-replayed`,
   * `epoch-closed`, `store-unavailable`, and what `IssuerKeys.live` throws.
   */
  issue(order: CredentialOrder): Promise<Buffer>
  /** What a room takes of a provider's users. */
  offer(room: MimiUri, provider: ProviderDomain): TokenOffer
  /** Whose key a presentation names; undefined for what is none, or names none of theirs. */
  providerOf(token: Buffer, providers: readonly ProviderDomain[]): ProviderDomain | undefined
  /** Whether it names the key and the challenge that are asked for: no cryptography. */
  fit(presented: PresentedAdmission): AdmissionFit
  verify(presented: PresentedAdmission): AdmissionVerdict
}

export function createArcCredentials(options: ArcCredentialsOptions): ArcCredentials {
  return new HubCredentials(options)
}

class HubCredentials implements ArcCredentials {
  private readonly options: ArcCredentialsOptions
  private readonly schemes = new Recent<ArcScheme>(SCHEMES_MAX)
  /** For requests whose answer got lost: another one would cost as much as the first. */
  private readonly answers = new Recent<Buffer>(ANSWERS_MAX)
  private readonly turns = new Turns()
  private readonly share

  constructor(options: ArcCredentialsOptions) {
    this.options = options
    const { clock, cpuMs } = options
    this.share = createCpuShare({ ...CPU_SHARE, clock, cpuMs })
  }

  async orders(provider: ProviderDomain): Promise<readonly TokenOffer[]> {
    const { hub, issuerKeys, clock } = this.options
    const epochStart = epochStartSeconds(clock())
    const maxAgeSeconds = this.secondsLeft(epochStart)
    const challenge = entryChallenge({ hub, issuer: provider }, epochStart)
    const keys = await issuerKeys.live(provider)
    const { publicKey, limit } = this.scheme(provider, epochStart)
    return [
      ...keys
        .filter(({ tokenType }) => tokenType === 'blindRsa2048')
        .map((key) => ({ challenge, tokenKey: key.publicKey, maxAgeSeconds })),
      {
        challenge: credentialChallenge(hub, epochStart),
        tokenKey: publicKey,
        maxAgeSeconds,
        rateLimit: limit,
      },
    ]
  }

  async issue(order: CredentialOrder): Promise<Buffer> {
    const { provider, request, takeAdmission } = order
    this.requireShare()
    const verified = await this.entry(order)
    const { spent } = this.options
    const spend = spendOf(verified, request)
    const name = spend.spendKey.toString('latin1')
    // Of a token that comes many times at once the first pays for the others.
    return this.turns.run(name, async () => {
      const before = await spent.look(spend)
      if (before !== undefined) this.requireMayHave(before, spend)
      const answered = before && this.answers.get(name)
      if (answered !== undefined) return answered
      const response = this.issued(this.scheme(provider, verified.context), request)
      // After the proof, so that a request that does not hold costs neither a token nor an admission.
      if (before === undefined) await takeAdmission()
      this.requireMayHave(await spent.spend(spend), spend)
      this.answers.set(name, response)
      return response
    })
  }

  offer(room: MimiUri, provider: ProviderDomain): TokenOffer {
    const { hub, clock } = this.options
    const epochStart = epochStartSeconds(clock())
    const { publicKey, limit } = this.scheme(provider, epochStart)
    return {
      challenge: presentationChallenge({ hub, room }, epochStart),
      tokenKey: publicKey,
      maxAgeSeconds: this.secondsLeft(epochStart),
      rateLimit: limit,
    }
  }

  providerOf(token: Buffer, providers: readonly ProviderDomain[]): ProviderDomain | undefined {
    if (!token.subarray(0, ARC_PREFIX.length).equals(ARC_PREFIX)) return undefined
    return providers.find((provider) => this.named(token, provider) !== undefined)
  }

  fit(presented: PresentedAdmission): AdmissionFit {
    const named = this.expected(presented)
    if (named.kind === 'refused') return named
    return named.scheme.fit(named.presentation, named.challenges)
  }

  verify(presented: PresentedAdmission): AdmissionVerdict {
    const { room, provider, admission } = presented
    const { publicKey: octets } = admission
    const named = this.expected(presented)
    if (named.kind === 'refused') return named
    const { scheme, presentation, challenges, publicKey } = named
    const verdict = this.share.run(() => scheme.verify(presentation, challenges))
    if (verdict === undefined) return { kind: 'share-used', retryAfterMs: this.share.waitMs() }
    if (verdict.kind === 'refused') return verdict
    const { keyId, spendKey, context: epochStart } = verdict.token
    const pseudonymId = pseudonymIdOf(pseudonymNonce(octets))
    const requestHash = admissionHash(octets, room)
    const admitted = { issuer: provider, keyId, spendKey, pseudonymId, epochStart, publicKey }
    return { kind: 'admitted', pseudonym: { ...admitted, requestHash } }
  }

  private expected({ admission, room, provider }: PresentedAdmission) {
    const publicKey = readPseudonymKey(admission.publicKey)
    if (publicKey === undefined) return { kind: 'refused', reason: 'malformed-key' } as const
    const named = this.named(admission.token, provider)
    if (named === undefined) return { kind: 'refused', reason: 'unknown-key' } as const
    const { scheme, presentation, epochStarts } = named
    const { hub } = this.options
    const challenges = epochStarts.map((context) => ({
      challenge: presentationChallenge({ hub, room }, context),
      context,
    }))
    return { kind: 'expected', scheme, presentation, challenges, publicKey } as const
  }

  /** The key that a presentation names, with the epochs of its month that are accepted. */
  private named(token: Buffer, provider: ProviderDomain) {
    const epochs = acceptedEpochStarts(this.options.clock())
    const [first = 0] = epochs
    const presentation = readArcToken(this.scheme(provider, first), token)
    if (presentation === undefined) return undefined
    const epochStarts = epochs.filter((epochStart) =>
      this.scheme(provider, epochStart).keyId.equals(presentation.issuerKeyId),
    )
    const [epochStart] = epochStarts
    if (epochStart === undefined) return undefined
    return { scheme: this.scheme(provider, epochStart), presentation, epochStarts }
  }

  /** The scheme of a provider's users in the month of an epoch. */
  private scheme(provider: ProviderDomain, epochStart: number): ArcScheme {
    const { master, limit, randomness } = this.options
    const key = master()
    const name = `${credentialMonth(epochStart)} ${provider}`
    // A new master makes other keys of all names.
    const id = `${createHash('sha256').update(key.export()).digest('base64')} ${name}`
    const known = this.schemes.get(id)
    if (known !== undefined) return known
    const made = createArcScheme({ key: derivedServerKey(key, name), limit, randomness })
    this.schemes.set(id, made)
    return made
  }

  private async entry({
    provider,
    token: bytes,
    takeVerification,
  }: CredentialOrder): Promise<VerifiedToken<number>> {
    const { hub, issuerKeys, clock } = this.options
    const token = readToken(bytes)
    if (token === undefined) throw invalidToken('malformed-token')
    const challenges = acceptedEpochStarts(clock()).map((context) => ({
      digest: challengeDigest(challengeBytes(entryChallenge({ hub, issuer: provider }, context))),
      context,
    }))
    let keys = await issuerKeys.live(provider)
    let fit = blindRsaScheme.fit(token, { keys, challenges })
    if (fit.kind === 'refused' && fit.reason === 'unknown-key') {
      keys = await issuerKeys.renewed(provider)
      fit = blindRsaScheme.fit(token, { keys, challenges })
    }
    if (fit.kind === 'refused') throw invalidToken(fit.reason)
    await takeVerification()
    const verdict = blindRsaScheme.verify(token, { keys, challenges })
    if (verdict.kind === 'refused') throw invalidToken(verdict.reason)
    return verdict.token
  }

  /** Throws `rate-limited`, `token-request-invalid`. */
  private issued(scheme: ArcScheme, request: Buffer): Buffer {
    const issued = this.share.run(() => scheme.issue(request))
    if (issued === undefined) throw this.shareUsed()
    if (issued.kind === 'issued') return issued.response
    throw new GatewayError('token-request-invalid', { facts: { part: issued.reason } })
  }

  /** Throws `token-replayed`, `epoch-closed`. */
  private requireMayHave({ kind }: SpendOutcome, { epoch }: Spend): void {
    if (kind === 'replayed') throw new GatewayError('token-replayed')
    if (kind === 'epoch-closed') {
      const retryAfterMs = (epoch + epochSeconds) * 1_000 - this.options.clock()
      throw new GatewayError('epoch-closed', { retryAfterMs })
    }
  }

  private secondsLeft(epochStart: number): number {
    return Math.floor(epochStart + epochSeconds - this.options.clock() / 1_000)
  }

  /** Throws `rate-limited` before anything costs. */
  private requireShare(): void {
    if (this.share.waitMs() > 0) throw this.shareUsed()
  }

  private shareUsed(): GatewayError {
    const retryAfterMs = this.share.waitMs()
    return new GatewayError('rate-limited', { facts: { limit: 'tokenCpu' }, retryAfterMs })
  }
}

function spendOf({ keyId, spendKey, context: epoch }: VerifiedToken<number>, request: Buffer) {
  const requestHash = createHash('sha256').update(request).digest().subarray(0, 8)
  return { epoch, keyId, spendKey, requestHash }
}

function invalidToken(reason: string): GatewayError {
  return new GatewayError('token-invalid', { facts: { reason } })
}

const ARC_PREFIX = Buffer.of(ARC_TOKEN_TYPE >> 8, ARC_TOKEN_TYPE & 0xff)
/** Of the thread that all requests share: a credential takes 5 ms of it, a presentation 4 to 8. */
const CPU_SHARE = { share: 0.05, burstMs: 50 }
/** Two months of the providers that are busy. */
const SCHEMES_MAX = 1_024
/** Of 454 octets each, for ten minutes at the rate of the share of the CPU. */
const ANSWERS_MAX = 8_192
