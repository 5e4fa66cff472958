import type { KeyObject } from 'node:crypto'
import { hash } from 'node:crypto'
import type { Clock, Randomness } from '../../model/clock.ts'
import { epochPseudonymUri } from '../../model/epoch-pseudonym.ts'
import { parseMimiUri, uriDomain, type MimiUri, type ProviderDomain } from '../../model/ids.ts'
import { readChallengeHeader } from '../../privacypass/challenge-header.ts'
import { pseudonymChallenge, type Admission } from '../../privacypass/pseudonym-certificate.ts'
import {
  acceptedEpochStarts,
  epochSeconds,
  epochStartSeconds,
} from '../../privacypass/pseudonym-epoch.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
} from '../../privacypass/pseudonym-key.ts'
import { signSenderProof, writeSenderProof } from '../../privacypass/sender-proof.ts'
import { challengeBytes } from '../../privacypass/token-challenge.ts'
import type { TokenType } from '../../privacypass/token-type.ts'
import { tokenBytes, type Token } from '../../privacypass/token.ts'
import { ClientError } from '../errors.ts'
import type { UnnamedSender, UnnamedSenders } from '../flows/client-state.ts'
import type { IssuerAddress, IssuerConnection } from './issuer-connection.ts'
import { membershipIn } from './membership.ts'
import { orderAmortized, orderBlindRsa, type OrderedTokens } from './token-order.ts'

export interface EpochSendersOptions {
  /** Our provider. */
  readonly home: ProviderDomain
  readonly issuer: IssuerConnection
  /** Whether to have tokens of type 0x0005 where hub and issuer are our provider; else of type 0x0002. */
  readonly amortized?: boolean | undefined
  /** Ids of our issuer's keys that all members of a room see, in hexadecimal; undefined where it pins none. */
  readonly pinned: (room: string) => ReadonlySet<string> | undefined
  readonly clock: Clock
  readonly randomness: Randomness
}

/** How we write in a room that does not name its senders. */
type Mode = 'epoch-pseudonym' | 'message-token'

interface RoomSending {
  mode: Mode
  /** Keys of our issuer that the hub takes, by id in hexadecimal, as its challenges name them. */
  acceptedKeys: ReadonlySet<string>
  /** Certificates by the start of their epoch; the one in use comes first. */
  readonly certificates: Map<number, Certificate[]>
}

/** A pseudonym of ours, in one room and epoch. */
interface Certificate {
  readonly privateKey: KeyObject
  readonly publicKey: Buffer
  readonly pseudonymId: Buffer
  /** Undefined until the issuer has certified the key. */
  admission: Admission | undefined
  /** Whether the hub has taken it: then its proofs are enough. */
  admitted: boolean
  /** The MLS epoch for which the hub knows that it is of a member. */
  memberIn: bigint | undefined
  /** Messages that it has signed. */
  messages: number
}

/**
 * Our pseudonyms of the epoch: made, certified by our own provider's issuer without telling it what
 * for, and used to sign messages. All of it is computed from public data, and a hub that asks for
 * anything else is refused: a challenge of its own would mark us. docs/pseudonymous-senders.md
 */
export class EpochSenders implements UnnamedSenders {
  private readonly options: EpochSendersOptions
  private readonly rooms = new Map<string, RoomSending>()

  constructor(options: EpochSendersOptions) {
    this.options = options
  }

  use(room: string): void {
    if (!this.rooms.has(room)) this.rooms.set(room, newSending())
  }

  senderFor(room: string): Promise<UnnamedSender | undefined> {
    const sending = this.rooms.get(room)
    if (sending === undefined) return Promise.resolve(undefined)
    const epochStart = epochStartSeconds(this.options.clock())
    const certificate = this.certificate(sending, epochStart)
    return Promise.resolve(this.sender(parseMimiUri(room, 'room'), certificate, epochStart))
  }

  async obtain(room: string, header: string, mode: Mode): Promise<void> {
    const uri = parseMimiUri(room, 'room')
    const sending = this.rooms.get(room) ?? newSending()
    sending.mode = mode
    sending.acceptedKeys = this.keysOf(uri, header)
    this.rooms.set(room, sending)
    await this.certify(uri, sending, epochStartSeconds(this.options.clock()))
  }

  /**
   * Fetches the certificates of the next epoch for every room that we write in so. Best at a random
   * time, such as `prefetchAtMs` names, so that the issuance tells nothing about the first message.
   */
  async prefetch(): Promise<void> {
    const next = epochStartSeconds(this.options.clock()) + epochSeconds
    for (const [room, sending] of this.rooms)
      await this.certify(parseMimiUri(room, 'room'), sending, next)
  }

  /** A random time within the last hour before the next epoch. */
  prefetchAtMs(): number {
    const nextMs = (epochStartSeconds(this.options.clock()) + epochSeconds) * 1_000
    const share = this.options.randomness(4).readUInt32BE() / 2 ** 32
    return nextMs - Math.floor(share * HOUR_MS)
  }

  /**
   * Throws `foreign-challenge` for one that says anything but what we compute ourselves, `unpinned-key`
   * for a key that the other members do not see.
   */
  private keysOf(room: MimiUri, header: string): ReadonlySet<string> {
    const epochs = acceptedEpochStarts(this.options.clock())
    const offers = readOffers(header)
    const counts = new Map<TokenType, number>()
    const keys = offers.map(({ challenge, challengeBytes: asked, tokenKey }) => {
      if (challenge === undefined || tokenKey === undefined)
        throw new ClientError('foreign-challenge')
      const { tokenType } = challenge
      const count = (counts.get(tokenType) ?? 0) + 1
      counts.set(tokenType, count)
      const isOurs = epochs.some((start) => this.challenge(room, start, tokenType).equals(asked))
      if (!isOurs || count > OFFERS_MAX) throw new ClientError('foreign-challenge')
      return hash('sha256', tokenKey)
    })
    if (keys.length === 0) throw new ClientError('foreign-challenge')
    const pinned = this.options.pinned(room)
    if (keys.some((keyId) => pinned?.has(keyId) === false)) throw new ClientError('unpinned-key')
    return new Set(keys)
  }

  private challenge(room: MimiUri, epochStart: number, tokenType: TokenType): Buffer {
    return challengeBytes(pseudonymChallenge(this.scope(room), epochStart, tokenType))
  }

  private scope(room: MimiUri) {
    return { hub: uriDomain(room), room, issuer: this.options.home }
  }

  /** The certificate in use; a new one where there is none, or where each is for one message. */
  private certificate(sending: RoomSending, epochStart: number): Certificate {
    for (const start of sending.certificates.keys())
      if (start < epochStart) sending.certificates.delete(start)
    const pool = sending.certificates.get(epochStart) ?? []
    sending.certificates.set(epochStart, pool)
    const isUsed = (certificate: Certificate) =>
      sending.mode === 'message-token' && certificate.messages > 0
    while (pool[0] !== undefined && isUsed(pool[0])) pool.shift()
    const [first] = pool
    if (first !== undefined) return first
    const made = newCertificate()
    pool.push(made)
    return made
  }

  private sender(room: MimiUri, certificate: Certificate, epochStart: number): UnnamedSender {
    const { pseudonymId, privateKey } = certificate
    let shownIn: bigint | undefined
    return {
      uri: epochPseudonymUri(this.options.home, pseudonymId),
      prove: (message, epoch) => {
        const admission = certificate.admitted ? undefined : certificate.admission
        const place = { hub: uriDomain(room), room }
        shownIn = epoch.groupContext.epoch
        const isKnown = certificate.memberIn === shownIn
        const membership = isKnown ? undefined : membershipIn(epoch, place, pseudonymId)
        const proven = {
          ...place,
          messageHash: hash('sha256', message, 'buffer'),
        }
        const position = { epochStart, sequence: certificate.messages }
        const signer = { privateKey, pseudonymId, admission, membership }
        const proof = writeSenderProof(signSenderProof(signer, proven, position))
        // Without a token it is a question, and answered with what is missing.
        if (certificate.admission !== undefined) certificate.messages += 1
        return proof
      },
      accepted: () => {
        certificate.admitted = true
        certificate.memberIn = shownIn
      },
      unproven: () => {
        certificate.memberIn = undefined
      },
    }
  }

  /** Of what the hub once took, what the room has still pinned. */
  private acceptedIn(room: MimiUri, { acceptedKeys }: RoomSending): ReadonlySet<string> {
    const pinned = this.options.pinned(room)
    return new Set([...acceptedKeys].filter((keyId) => pinned?.has(keyId) !== false))
  }

  /** Has the keys of a room and epoch certified: one, or for single messages a whole batch. */
  private async certify(room: MimiUri, sending: RoomSending, epochStart: number): Promise<void> {
    const first = this.certificate(sending, epochStart)
    if (first.admission !== undefined) return
    const address = await this.options.issuer.directory()
    const accepted = this.acceptedIn(room, sending)
    for (let size = BATCH_SIZE, attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const count = sending.mode === 'message-token' ? size : 1
      const pool = [first, ...Array.from({ length: count - 1 }, newCertificate)]
      const wanted = { room, epochStart, size, pool, accepted }
      const answer = await this.order(address, wanted)
      if (answer.kind === 'issued') {
        for (const [index, certificate] of pool.entries())
          complete(certificate, answer.tokens[index])
        sending.certificates.set(epochStart, pool)
        return
      }
      size = answer.size
    }
    throw new ClientError('invalid-answer')
  }

  /**
   * The tokens that we want, and as many that nobody will ever see as make a batch full, under a key
   * that the hub takes. Throws `issuer-key-mismatch` where the issuer has none.
   */
  private order(
    { requestUrl, keys, batchKeys }: IssuerAddress,
    { room, epochStart, size, pool, accepted }: BatchOrder,
  ): Promise<OrderedTokens> {
    const { issuer, amortized, randomness } = this.options
    const nonces = Array.from({ length: size }, (_, index) => {
      const certificate = pool[index]
      return certificate ? pseudonymNonce(certificate.publicKey) : randomness(NONCE_BYTES)
    })
    const challengeOf = (type: TokenType) => this.challenge(room, epochStart, type)
    const order = { issuer, requestUrl, challengeOf, nonces, randomness }
    const isAccepted = ({ keyId }: { keyId: Buffer }) => accepted.has(keyId.toString('hex'))
    const batchKey = amortized === true ? batchKeys.find(isAccepted) : undefined
    if (batchKey !== undefined) return orderAmortized(order, batchKey)
    const tokenKey = keys.find(isAccepted)
    if (tokenKey === undefined) throw new ClientError('issuer-key-mismatch')
    return orderBlindRsa(order, tokenKey)
  }
}

interface BatchOrder {
  readonly room: MimiUri
  readonly epochStart: number
  readonly size: number
  readonly pool: readonly Certificate[]
  readonly accepted: ReadonlySet<string>
}

function newSending(): RoomSending {
  return { mode: 'epoch-pseudonym', acceptedKeys: new Set(), certificates: new Map() }
}

function newCertificate(): Certificate {
  const { privateKey, publicKey } = generatePseudonymKey()
  const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
  const unused = { admission: undefined, admitted: false, memberIn: undefined, messages: 0 }
  return { privateKey, publicKey, pseudonymId, ...unused }
}

function complete(certificate: Certificate, token: Token | undefined): void {
  if (token === undefined) throw new ClientError('invalid-answer')
  certificate.admission = { token: tokenBytes(token), publicKey: certificate.publicKey }
}

function readOffers(header: string) {
  try {
    return readChallengeHeader(header)
  } catch (cause) {
    throw new ClientError('foreign-challenge', { cause })
  }
}

const HOUR_MS = 3_600_000
const NONCE_BYTES = 32
const BATCH_SIZE = 8
const ATTEMPTS_MAX = 3
/** Two keys of a type at once at most; more would be a way to tell clients apart. */
const OFFERS_MAX = 2
