import type { Clock, Randomness } from '../../model/clock.ts'
import { uriDomain, type MimiUri, type ProviderDomain } from '../../model/ids.ts'
import { requestArcCredential, type ArcCredential } from '../../privacypass/arc/arc-client.ts'
import { arcChallengeBytes, type ArcChallenge } from '../../privacypass/arc/arc-messages.ts'
import {
  credentialChallenge,
  entryChallenge,
  presentationChallenge,
} from '../../privacypass/arc/hub-scope.ts'
import { readChallengeHeader, type ReceivedOffer } from '../../privacypass/challenge-header.ts'
import { mediaTypes } from '../../privacypass/media-types.ts'
import { membershipProofCodec } from '../../privacypass/membership-proof.ts'
import { epochStartSeconds } from '../../privacypass/pseudonym-epoch.ts'
import { pseudonymIdOf, pseudonymNonce } from '../../privacypass/pseudonym-key.ts'
import { challengeBytes } from '../../privacypass/token-challenge.ts'
import { presentationHeader } from '../../privacypass/token-header.ts'
import { tokenBytes, type Token } from '../../privacypass/token.ts'
import { encode } from '../../wire/codec.ts'
import { ClientError } from '../errors.ts'
import type { Epoch } from '../mls/epoch.ts'
import type { IssuerConnection } from './issuer-connection.ts'
import { membershipIn } from './membership.ts'
import { orderBlindRsa } from './token-order.ts'

export interface HubCredentialOptions {
  /** The tokens listener of the hub, without a path. */
  readonly hubUrl: string
  readonly hub: ProviderDomain
  /** Our provider. */
  readonly home: ProviderDomain
  /** Of our provider. */
  readonly issuer: IssuerConnection
  readonly clock: Clock
  readonly randomness: Randomness
}

/** A pseudonym that the hub admitted. */
export interface AdmittedByCredential {
  readonly pseudonym: string
  readonly remaining: number
}

/**
 * Experimental: an anonymous rate-limited credential of a hub, which we have for one token of our own
 * provider. It admits pseudonyms to any of the hub's rooms until the month ends, and the hub cannot tell
 * which of them are ours. All challenges are computed; a hub that asks for anything else is refused.
 * Throws `ClientError`: `foreign-challenge`, `issuer-key-mismatch`, `invalid-answer`, `refused`,
 * `unreachable`. docs/arc.md
 */
export class HubCredential {
  private readonly options: HubCredentialOptions
  private readonly credential: ArcCredential
  private readonly publicKey: Buffer

  private constructor(options: HubCredentialOptions, credential: ArcCredential, publicKey: Buffer) {
    this.options = options
    this.credential = credential
    this.publicKey = publicKey
  }

  static async obtain(options: HubCredentialOptions): Promise<HubCredential> {
    const { hub, home, randomness } = options
    const epochStart = epochStartSeconds(options.clock())
    const url = `${options.hubUrl}/arc-credentials/${home}`
    const offers = await challengesAt(url, new Uint8Array())
    const entry = challengeBytes(entryChallenge({ hub, issuer: home }, epochStart))
    const wanted = credentialChallenge(hub, epochStart)
    const publicKey = keyOf(offers, arcChallengeBytes(wanted))
    const token = await entryToken(options, entry, offers)
    const pending = requestArcCredential({ publicKey, challenge: wanted, randomness })
    const { bytes } = await posted(url, new Uint8Array(pending.request), tokenBytes(token))
    const credential = finished(() => pending.finish(bytes))
    return new HubCredential(options, credential, publicKey)
  }

  /**
   * Has the key of a pseudonym (SubjectPublicKeyInfo of P-256) admitted to a room for today, as of a member
   * in this epoch of its group; undefined where the credential has no presentation left for it, or is of
   * the month before.
   */
  async admit(
    room: MimiUri,
    publicKey: Buffer,
    epoch: Epoch,
  ): Promise<AdmittedByCredential | undefined> {
    const { hub, home, hubUrl, clock } = this.options
    if (uriDomain(room) !== hub) throw new ClientError('foreign-challenge')
    const url = `${hubUrl}/pseudonyms/${encodeURIComponent(room)}`
    const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
    const membership = membershipIn(epoch, { hub, room }, pseudonymId)
    const body = JSON.stringify({
      provider: home,
      publicKey: publicKey.toString('base64url'),
      membership: encode(membershipProofCodec, membership).toString('base64url'),
    })
    const offers = await challengesAt(url, Buffer.from(body))
    const challenge = presentationChallenge({ hub, room }, epochStartSeconds(clock()))
    const limit = this.limitOf(offers, challenge)
    const presented = this.credential.present(challenge, limit)
    if (presented.kind !== 'presented') return undefined
    const { bytes } = await posted(url, Buffer.from(body), presented.token)
    return parseAdmitted(bytes)
  }

  private limitOf(offers: readonly ReceivedOffer[], challenge: ArcChallenge): number {
    const asked = arcChallengeBytes(challenge)
    const offer = offers.find(({ tokenKey }) => tokenKey?.equals(this.publicKey) === true)
    if (offer === undefined) throw new ClientError('issuer-key-mismatch')
    if (!offer.challengeBytes.equals(asked) || offer.rateLimit === undefined)
      throw new ClientError('foreign-challenge')
    return offer.rateLimit
  }
}

/** The key of the credential that is offered. */
function keyOf(offers: readonly ReceivedOffer[], wanted: Buffer): Buffer {
  const offer = offers.find(({ challengeBytes: asked }) => asked.equals(wanted))
  if (offer?.tokenKey === undefined) throw new ClientError('foreign-challenge')
  return offer.tokenKey
}

/** One token of our own provider, in a batch of which nobody sees the rest. */
async function entryToken(
  { issuer, randomness }: HubCredentialOptions,
  challenge: Buffer,
  offers: readonly ReceivedOffer[],
): Promise<Token> {
  const { requestUrl, keys } = await issuer.directory()
  const accepted = offers.filter(({ challengeBytes: asked }) => asked.equals(challenge))
  const tokenKey = keys.find(({ publicKey }) =>
    accepted.some((offer) => offer.tokenKey?.equals(publicKey) === true),
  )
  if (tokenKey === undefined) throw new ClientError('issuer-key-mismatch')
  for (let size = BATCH_SIZE, attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const wishes = Array.from({ length: size }, () => ({
      nonce: randomness(NONCE_BYTES),
      challengeOf: () => challenge,
    }))
    const order = { issuer, requestUrl, wishes, randomness }
    const answer = await orderBlindRsa(order, tokenKey)
    if (answer.kind === 'other-size') {
      size = answer.size
      continue
    }
    const [token] = answer.tokens
    if (token !== undefined) return token
  }
  throw new ClientError('invalid-answer')
}

/** What is asked for where nothing is shown. */
async function challengesAt(url: string, body: Uint8Array): Promise<readonly ReceivedOffer[]> {
  const { status, headers } = await exchanged(url, { body: new Uint8Array(body) })
  const header = headers.get('www-authenticate')
  if (status !== 401 || header === null) throw new ClientError('refused', { status })
  try {
    return readChallengeHeader(header)
  } catch (cause) {
    throw new ClientError('foreign-challenge', { cause })
  }
}

async function posted(url: string, body: Uint8Array, token: Buffer) {
  const authorization = presentationHeader(token)
  const headers = { authorization, 'content-type': mediaTypes.credentialRequest }
  const answer = await exchanged(url, { headers, body: new Uint8Array(body) })
  if (answer.ok) return answer
  throw new ClientError('refused', { status: answer.status, ...codeOf(answer.bytes) })
}

async function exchanged(url: string, init: RequestInit) {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const answer = await fetch(url, { method: 'POST', redirect: 'error', signal, ...init })
    const bytes = Buffer.from(await answer.arrayBuffer())
    return { ok: answer.ok, status: answer.status, headers: answer.headers, bytes }
  } catch (cause) {
    throw new ClientError('unreachable', { cause })
  }
}

function finished(finish: () => ArcCredential | undefined): ArcCredential {
  try {
    const credential = finish()
    if (credential !== undefined) return credential
  } catch (cause) {
    throw new ClientError('invalid-answer', { cause })
  }
  throw new ClientError('invalid-answer')
}

function parseAdmitted(bytes: Buffer): AdmittedByCredential {
  const { pseudonym, remaining } = parsed(bytes)
  if (typeof pseudonym !== 'string' || typeof remaining !== 'number')
    throw new ClientError('invalid-answer')
  return { pseudonym, remaining }
}

function codeOf(bytes: Buffer): { problem?: string } {
  const { code } = parsed(bytes)
  return typeof code === 'string' ? { problem: code } : {}
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(bytes.toString('utf8'))) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

const TIMEOUT_MS = 30_000
const BATCH_SIZE = 8
const ATTEMPTS_MAX = 3
const NONCE_BYTES = 32
