import { createHash, type KeyObject } from 'node:crypto'
import type { Clock } from '../model/clock.ts'
import { epochPseudonymId, epochPseudonymUri } from '../model/epoch-pseudonym.ts'
import { GatewayError } from '../model/errors.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { Recent } from '../model/recent.ts'
import { blindRsaScheme } from '../privacypass/blind-rsa/scheme.ts'
import { writeChallengeHeader } from '../privacypass/challenge-header.ts'
import type { MembershipProof } from '../privacypass/membership-proof.ts'
import {
  fitAdmission,
  pseudonymChallenge,
  verifyAdmission,
  type Admission,
  type AdmissionCheck,
  type AdmissionFit,
  type AdmissionJudge,
  type AdmissionVerdict,
  type AdmittedPseudonym,
  type PseudonymScope,
} from '../privacypass/pseudonym-certificate.ts'
import {
  acceptedEpochStarts,
  epochSeconds,
  epochStartSeconds,
} from '../privacypass/pseudonym-epoch.ts'
import { pseudonymIdOf, pseudonymNonce, readPseudonymKey } from '../privacypass/pseudonym-key.ts'
import {
  readSenderProof,
  verifySenderProof,
  type SenderProof,
} from '../privacypass/sender-proof.ts'
import type { Spend, SpentTokens } from '../privacypass/spent-tokens.ts'
import type { TokenSchemes } from '../privacypass/token-schemes.ts'
import type { CertificateStore, PseudonymPlace } from './certificate-store.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { ProviderCaps } from './provider-caps.ts'
import { ProvenMembers, type RequiredMembership } from './proven-members.ts'
import type { ProviderStanding } from './provider-standing.ts'
import { Turns } from './turns.ts'

/** A message of a sender that no participant list names. */
export interface UnnamedMessage extends RequiredMembership {
  /** The pseudonym's URI, of the provider that handed the message in. */
  readonly sender: MimiUri
  readonly provider: ProviderDomain
  /** SHA-256 of the MLSMessage. */
  readonly messageHash: Buffer
  /** Value of `Mimi-Sender-Proof`. */
  readonly proof: string | undefined
  /** Pseudonyms that the provider may have in the room and epoch. */
  readonly pseudonymsMax: number
  /** Takes the admission of a certificate that verified from its budgets. Throws `rate-limited`. */
  readonly takeAdmission: () => Promise<void>
}

/** A certificate that is shown by itself. */
export interface UnnamedAdmission extends Pick<
  UnnamedMessage,
  'room' | 'provider' | 'pseudonymsMax' | 'roomAuthKeys' | 'takeAdmission'
> {
  readonly admission: Admission
  readonly membership: MembershipProof | undefined
  /** Takes a verification from the budget of who shows it: after all that is cheap. Throws `rate-limited`. */
  readonly takeVerification: () => Promise<void>
  /** How it is checked where it is no token of an issuer. */
  readonly judge?: AdmissionJudge | undefined
}

export interface AdmittedSender {
  readonly pseudonym: MimiUri
  readonly expiresAtMs: number
  /** Pseudonyms that the provider may still have in the room and epoch. */
  readonly remaining: number
}

/** Whom a challenge is for: a sender of the issuer's provider. */
export interface RequiredSender extends Pick<PseudonymScope, 'room' | 'issuer'> {
  readonly once: boolean
}

/** The hub's side of senders that it cannot name. docs/pseudonymous-senders.md */
export interface UnnamedSenders {
  /**
   * Admits the certificate where it comes for the first time, and checks the proof of the message.
   * Throws `sender-token-required` (with the challenge), `malformed-request`, `sender-proof-invalid`,
   * `membership-unproven`, `token-invalid`, `token-replayed`, `epoch-closed`, `pseudonyms-exhausted`,
   * `pseudonym-denied`, `store-unavailable`, `rate-limited` where the type of the token has used its share
   * of the CPU, and what `IssuerKeys.live` throws.
   */
  prove(message: UnnamedMessage): Promise<void>
  /**
   * Admits a certificate before its first message. Throws as `prove`, and `room-unknown` to the holder of a
   * token whose provider may have no pseudonyms there; to others it says nothing of the room.
   */
  admit(request: UnnamedAdmission): Promise<AdmittedSender>
  /** Refuses the pseudonym from now on until its epoch ends. */
  deny(place: PseudonymPlace): Promise<void>
  /** Serves it again. Durable once it resolves. */
  allow(place: PseudonymPlace): Promise<void>
  /** What a sender of this provider has to come with. */
  required(asked: RequiredSender): Promise<GatewayError>
  /** Forgets epochs that nobody may speak in any more. */
  dropEpochs(): Promise<void>
}

export interface UnnamedSendersOptions {
  readonly hub: ProviderDomain
  readonly spent: SpentTokens
  readonly keys: IssuerKeys
  /** What is taken of our own issuer; of others it is type 0x0002 always. That alone unless given. */
  readonly schemes?: TokenSchemes | undefined
  readonly certificates: CertificateStore
  readonly standing: ProviderStanding
  readonly clock: Clock
}

export function createUnnamedSenders(options: UnnamedSendersOptions): UnnamedSenders {
  return new SqliteUnnamedSenders(options)
}

class SqliteUnnamedSenders implements UnnamedSenders {
  private readonly options: UnnamedSendersOptions
  private readonly publicKeys = new Recent<KeyObject>(PUBLIC_KEYS_MAX)
  private readonly members: ProvenMembers
  private readonly caps: ProviderCaps
  /** By token: of one that comes many times at once the first pays for the others. */
  private readonly turns = new Turns()

  constructor(options: UnnamedSendersOptions) {
    this.options = options
    this.members = new ProvenMembers(options.hub)
    this.caps = new ProviderCaps(options)
  }

  async prove(message: UnnamedMessage): Promise<void> {
    const { certificates } = this.options
    const { room, sender, provider, once } = message
    const scope = { room, issuer: provider, once }
    const proof = message.proof === undefined ? undefined : readSenderProof(message.proof)
    if (proof === undefined) throw await this.required(scope)
    if (epochPseudonymId(sender)?.equals(proof.pseudonymId) !== true)
      throw new GatewayError('sender-proof-invalid', { facts: { reason: 'pseudonym' } })
    const place = { ...proof, room, pseudonym: proof.pseudonymId }
    if (!acceptedEpochStarts(this.options.clock()).includes(proof.epochStart))
      throw await this.required(scope)
    if (certificates.isDenied(place)) throw new GatewayError('pseudonym-denied')
    const known = once ? undefined : certificates.find(place)
    if (known !== undefined && known.provider !== provider)
      throw new GatewayError('sender-proof-invalid', { facts: { reason: 'pseudonym' } })
    if (known === undefined && proof.admission === undefined) throw await this.required(scope)
    this.requireProof(message, proof, known?.publicKey ?? certifiedKey(proof))
    this.members.require(message, proof)
    if (known !== undefined || proof.admission === undefined) return
    const { admission, epochStart } = proof
    const request = { ...message, admission, once }
    // The cap before the token, which costs more to check.
    const admitNow = async () => this.take(request, await this.verified(request, epochStart))
    await (once ? admitNow() : this.caps.within({ ...message, epochStart }, admitNow))
  }

  async admit(request: UnnamedAdmission): Promise<AdmittedSender> {
    const { certificates } = this.options
    const { membership } = request
    await this.requireFit(request)
    await request.takeVerification()
    const pseudonym = await this.verified(request)
    const { epochStart, pseudonymId } = pseudonym
    // Whether there is a room, and whether somebody of the provider is in it, is for its users to know.
    if (request.pseudonymsMax === 0) throw new GatewayError('room-unknown')
    this.members.require({ ...request, once: false }, { pseudonymId, membership })
    const { room, provider, pseudonymsMax } = request
    if (!this.isAdmitted(request, pseudonym))
      await this.caps.within({ room, provider, pseudonymsMax, epochStart }, () =>
        this.take({ ...request, once: false }, pseudonym),
      )
    return {
      pseudonym: epochPseudonymUri(provider, pseudonymId),
      expiresAtMs: (epochStart + epochSeconds) * 1_000,
      remaining: Math.max(0, pseudonymsMax - certificates.count({ epochStart, room, provider })),
    }
  }

  deny(place: PseudonymPlace): Promise<void> {
    return this.options.certificates.deny(place)
  }

  allow(place: PseudonymPlace): Promise<void> {
    return this.options.certificates.allow(place)
  }

  async required({ room, issuer, once }: RequiredSender): Promise<GatewayError> {
    const { hub, keys, clock } = this.options
    const nowMs = clock()
    const epochStart = epochStartSeconds(nowMs)
    const scope = { hub, room, issuer }
    const maxAgeSeconds = Math.floor(epochStart + epochSeconds - nowMs / 1_000)
    const offers = (await keys.live(issuer)).map(({ tokenType, publicKey }) => ({
      challenge: pseudonymChallenge(scope, epochStart, tokenType),
      tokenKey: publicKey,
      maxAgeSeconds,
    }))
    if (offers.length === 0) return new GatewayError('token-invalid', { facts: NO_ISSUER })
    const facts = { tier: once ? 'message-token' : 'epoch-pseudonym' }
    const challenge = writeChallengeHeader(offers)
    return new GatewayError('sender-token-required', { facts, challenge })
  }

  async dropEpochs(): Promise<void> {
    const { certificates, spent, clock } = this.options
    const oldest = Math.min(...acceptedEpochStarts(clock()))
    await Promise.all([certificates.dropBefore(oldest), spent.dropBefore(oldest)])
  }

  /** Throws `sender-proof-invalid`. */
  private requireProof(
    { room, messageHash, once }: UnnamedMessage,
    proof: SenderProof,
    publicKey: Buffer | undefined,
  ): void {
    const key = publicKey && this.publicKey(publicKey)
    const { hub } = this.options
    const holds = key !== undefined && verifySenderProof(proof, key, { hub, room, messageHash })
    if (!holds) throw new GatewayError('sender-proof-invalid', { facts: { reason: 'signature' } })
    if (once && proof.sequence !== 0)
      throw new GatewayError('sender-proof-invalid', { facts: { reason: 'sequence' } })
  }

  private publicKey(octets: Buffer): KeyObject | undefined {
    const name = octets.toString('latin1')
    const known = this.publicKeys.get(name) ?? readPseudonymKey(octets)
    if (known !== undefined) this.publicKeys.set(name, known)
    return known
  }

  /** Whether the certificate has come before: then it costs nothing. Throws `pseudonym-denied`. */
  private isAdmitted(
    { room, provider, admission }: CertificateRequest,
    { epochStart, pseudonymId }: AdmittedPseudonym,
  ): boolean {
    const { certificates } = this.options
    const place = { epochStart, room, pseudonym: pseudonymId }
    if (certificates.isDenied(place)) throw new GatewayError('pseudonym-denied')
    const known = certificates.find(place)
    return known?.provider === provider && known.publicKey.equals(admission.publicKey)
  }

  /** Takes what an admission costs, spends the token and keeps the certificate; once for each token. */
  private take(request: AdmissionRequest, pseudonym: AdmittedPseudonym): Promise<void> {
    const token = Buffer.concat([pseudonym.keyId, pseudonym.spendKey])
    return this.turns.run(token.toString('latin1'), () => this.takeInTurn(request, pseudonym))
  }

  private async takeInTurn(request: AdmissionRequest, pseudonym: AdmittedPseudonym): Promise<void> {
    const { certificates, spent, standing, clock } = this.options
    const { room, provider, once } = request
    const { epochStart, pseudonymId } = pseudonym
    if (this.isAdmitted(request, pseudonym) && !once) return
    const spend = spendOf(pseudonym, once ? request.messageHash : undefined)
    const before = await spent.look(spend)
    if (before === undefined) await request.takeAdmission()
    const { kind } = before ?? (await spent.spend(spend))
    if (kind === 'replayed') throw new GatewayError('token-replayed')
    if (kind === 'epoch-closed') {
      const retryAfterMs = (epochStart + epochSeconds) * 1_000 - clock()
      throw new GatewayError('epoch-closed', { retryAfterMs })
    }
    if (kind === 'spent') standing.admitted(provider, clock())
    const { publicKey } = request.admission
    if (once) return
    await certificates.admit({ epochStart, room, pseudonym: pseudonymId, provider, publicKey })
  }

  /** The certificate holds, where an epoch is given for that epoch. Throws `token-invalid`, `rate-limited`. */
  private async verified(
    request: CertificateRequest,
    epochStart?: number,
  ): Promise<AdmittedPseudonym> {
    const { admission, judge } = request
    const verify = (check: AdmissionCheck) => verifyAdmission(admission, check)
    const verdict = judge?.verify() ?? (await this.underKeys(request, verify))
    if (verdict.kind === 'share-used') {
      const { retryAfterMs } = verdict
      throw new GatewayError('rate-limited', { facts: { limit: 'tokenCpu' }, retryAfterMs })
    }
    if (verdict.kind === 'refused')
      throw new GatewayError('token-invalid', { facts: { reason: verdict.reason } })
    const { pseudonym } = verdict
    if (epochStart !== undefined && pseudonym.epochStart !== epochStart)
      throw new GatewayError('token-invalid', { facts: { reason: 'another-epoch' } })
    return pseudonym
  }

  /** Throws `token-invalid`. */
  private async requireFit(request: CertificateRequest): Promise<void> {
    const { admission, judge } = request
    const fit = (check: AdmissionCheck) => fitAdmission(admission, check)
    const verdict = judge?.fit() ?? (await this.underKeys(request, fit))
    if (verdict.kind === 'refused')
      throw new GatewayError('token-invalid', { facts: { reason: verdict.reason } })
  }

  /** What is judged of the issuer's live keys, which are asked for anew where the key is none of them. */
  private async underKeys<Verdict extends AdmissionFit | AdmissionVerdict>(
    { room, provider }: CertificateRequest,
    judge: (check: AdmissionCheck) => Verdict,
  ): Promise<Verdict> {
    const { hub, keys, clock, schemes = OF_OTHERS } = this.options
    const scope = { hub, room, issuer: provider }
    // What only its issuer can check is taken of ourselves alone.
    const taken = provider === hub ? schemes : OF_OTHERS
    const check = { scope, nowMs: clock(), schemes: taken }
    const verdict = judge({ ...check, keys: await keys.live(provider) })
    if (verdict.kind !== 'refused' || verdict.reason !== 'unknown-key') return verdict
    return judge({ ...check, keys: await keys.renewed(provider) })
  }
}

/** A certificate makes a pseudonym of its own key and of no other. Throws `sender-proof-invalid`. */
function certifiedKey({ pseudonymId, admission }: SenderProof): Buffer | undefined {
  if (admission === undefined) return undefined
  const { publicKey } = admission
  if (pseudonymIdOf(pseudonymNonce(publicKey)).equals(pseudonymId)) return publicKey
  throw new GatewayError('sender-proof-invalid', { facts: { reason: 'pseudonym' } })
}

/** For a certificate of one message the request is the message too. */
function spendOf(
  { epochStart, keyId, spendKey, requestHash }: AdmittedPseudonym,
  messageHash: Buffer | undefined,
): Spend {
  const hash = createHash('sha256').update(requestHash)
  if (messageHash !== undefined) hash.update(messageHash)
  const bytes = hash.digest().subarray(0, REQUEST_HASH_BYTES)
  return { epoch: epochStart, keyId, spendKey, requestHash: bytes }
}

type CertificateRequest = Pick<UnnamedAdmission, 'room' | 'provider' | 'admission' | 'judge'>

interface AdmissionRequest extends CertificateRequest, Pick<UnnamedAdmission, 'takeAdmission'> {
  readonly once: boolean
  readonly messageHash?: Buffer
}

const OF_OTHERS: TokenSchemes = { blindRsa2048: blindRsaScheme }
const NO_ISSUER = { reason: 'no-issuer' }
const PUBLIC_KEYS_MAX = 65_536
const REQUEST_HASH_BYTES = 8
