import { hash } from 'node:crypto'
import type { Clock, Randomness } from '../../model/clock.ts'
import { epochPseudonymUri } from '../../model/epoch-pseudonym.ts'
import { parseMimiUri, uriDomain, type MimiUri, type ProviderDomain } from '../../model/ids.ts'
import { readChallengeHeader } from '../../privacypass/challenge-header.ts'
import { pseudonymChallenge } from '../../privacypass/pseudonym-certificate.ts'
import {
  acceptedEpochStarts,
  epochSeconds,
  epochStartSeconds,
} from '../../privacypass/pseudonym-epoch.ts'
import { signSenderProof, writeSenderProof } from '../../privacypass/sender-proof.ts'
import { challengeBytes } from '../../privacypass/token-challenge.ts'
import type { TokenType } from '../../privacypass/token-type.ts'
import { ClientError } from '../errors.ts'
import type { UnnamedSender, UnnamedSenders } from '../flows/client-state.ts'
import {
  batchesOf,
  certifyBatch,
  newCertificate,
  type Certificate,
  type Wanted,
} from './certificates.ts'
import type { IssuerConnection } from './issuer-connection.ts'
import { membershipIn } from './membership.ts'

export interface EpochSendersOptions {
  /** Our provider. */
  readonly home: ProviderDomain
  readonly issuer: IssuerConnection
  /** Whether to have tokens of type 0x0005 where hub and issuer are our provider; else of type 0x0002. */
  readonly amortized?: boolean | undefined
  /** Ids of our issuer's keys that all members of a room see, in hexadecimal; undefined where it pins none. */
  readonly pinned: (room: string) => ReadonlySet<string> | undefined
  readonly isMember: (room: string) => boolean
  readonly clock: Clock
  readonly randomness: Randomness
}

/** How we write in a room that does not name its senders. */
type Mode = 'epoch-pseudonym' | 'message-token'

interface RoomSending {
  mode: Mode
  /** Certificates by the start of their epoch; the one in use comes first. */
  readonly certificates: Map<number, Certificate[]>
}

/** When the certificates of the next epoch are fetched. */
interface Ahead {
  readonly epochStart: number
  atMs: number
}

/**
 * Our pseudonyms of the epoch: made, certified by our own provider's issuer without telling it what
 * for, and used to sign messages. All of it is computed from public data, and a hub that asks for
 * anything else is refused: a challenge of its own would mark us. docs/pseudonymous-senders.md
 */
export class EpochSenders implements UnnamedSenders {
  private readonly options: EpochSendersOptions
  private readonly rooms = new Map<string, RoomSending>()
  /** Keys of our issuer that a hub takes, by id in hexadecimal, as its newest challenge names them. */
  private readonly hubKeys = new Map<ProviderDomain, ReadonlySet<string>>()
  private ahead: Ahead | undefined

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
    this.hubKeys.set(uriDomain(uri), this.keysOf(uri, header))
    this.rooms.set(room, sending)
    await this.certify(epochStartSeconds(this.options.clock()), uri)
  }

  isDue(): boolean {
    if (this.rooms.size === 0) return false
    const { atMs } = this.nextAhead()
    return this.options.clock() >= atMs
  }

  async takeAhead(): Promise<void> {
    const ahead = this.nextAhead()
    // Whatever comes of it: a first message asks for what is missing, and an issuer is not asked in vain.
    ahead.atMs = Infinity
    await this.certify(ahead.epochStart)
  }

  /** At a random time within the last hour before the next epoch. */
  private nextAhead(): Ahead {
    const epochStart = epochStartSeconds(this.options.clock()) + epochSeconds
    if (this.ahead?.epochStart === epochStart) return this.ahead
    const share = this.options.randomness(4).readUInt32BE() / 2 ** 32
    this.ahead = { epochStart, atMs: epochStart * 1_000 - Math.ceil(share * HOUR_MS) }
    return this.ahead
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
    const today = epochStartSeconds(this.options.clock())
    for (const start of sending.certificates.keys())
      if (start < today) sending.certificates.delete(start)
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

  /** Of what the hub takes, what the room has still pinned. */
  private acceptedIn(room: MimiUri): ReadonlySet<string> {
    const taken = this.hubKeys.get(uriDomain(room)) ?? new Set()
    const pinned = this.options.pinned(room)
    return new Set([...taken].filter((keyId) => pinned?.has(keyId) !== false))
  }

  /**
   * Has keys of an epoch certified: that of the room, if one is named, and of all rooms that we write in
   * so, as many as one batch holds; without a room in as many batches as it takes. Where each message
   * has a certificate of its own a batch is for the room alone.
   */
  private async certify(epochStart: number, room?: MimiUri): Promise<void> {
    const wanted = [...this.rooms]
      .filter(([uri]) => this.options.isMember(uri))
      .map(([uri, sending]) => this.wanted(parseMimiUri(uri, 'room'), sending, epochStart))
      .filter(({ pool: [first] }) => first?.admission === undefined)
      // What a hub takes is known from its challenge.
      .filter((one) => one.room === room || one.accepted.size > 0)
      .toSorted((one, other) => Number(other.room === room) - Number(one.room === room))
    const orders = { ...this.options, challenge: this.challenge.bind(this) }
    const batches = batchesOf(wanted)
    const asked = batches.find((batch) => batch.some((one) => one.room === room))
    const due = room === undefined ? batches : batches.filter((batch) => batch === asked)
    if (due.length === 0) return
    const address = await this.options.issuer.directory()
    for (const batch of due) await certifyBatch(orders, address, batch)
  }

  private wanted(room: MimiUri, sending: RoomSending, epochStart: number): Wanted {
    const first = this.certificate(sending, epochStart)
    const isAlone = sending.mode === 'message-token'
    const pool = isAlone ? (sending.certificates.get(epochStart) ?? [first]) : [first]
    return { room, epochStart, pool, isAlone, accepted: this.acceptedIn(room) }
  }
}

function newSending(): RoomSending {
  return { mode: 'epoch-pseudonym', certificates: new Map() }
}

function readOffers(header: string) {
  try {
    return readChallengeHeader(header)
  } catch (cause) {
    throw new ClientError('foreign-challenge', { cause })
  }
}

const HOUR_MS = 3_600_000
/** Two keys of a type at once at most; more would be a way to tell clients apart. */
const OFFERS_MAX = 2
