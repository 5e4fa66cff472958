import type { KeyObject } from 'node:crypto'
import type { Randomness } from '../../model/clock.ts'
import type { MimiUri } from '../../model/ids.ts'
import type { Admission } from '../../privacypass/pseudonym-certificate.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
} from '../../privacypass/pseudonym-key.ts'
import type { TokenKey } from '../../privacypass/token-scheme.ts'
import type { TokenType } from '../../privacypass/token-type.ts'
import { tokenBytes, type Token } from '../../privacypass/token.ts'
import { ClientError } from '../errors.ts'
import type { BatchKey, IssuerAddress, IssuerConnection } from './issuer-connection.ts'
import {
  orderAmortized,
  orderBlindRsa,
  type OrderedTokens,
  type TokenOrder,
} from './token-order.ts'

/** A pseudonym of ours, in one room and epoch. */
export interface Certificate {
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

export function newCertificate(): Certificate {
  const { privateKey, publicKey } = generatePseudonymKey()
  const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
  const unused = { admission: undefined, admitted: false, memberIn: undefined, messages: 0 }
  return { privateKey, publicKey, pseudonymId, ...unused }
}

/** Keys of a room and an epoch that are to be certified. */
export interface Wanted {
  readonly room: MimiUri
  readonly epochStart: number
  /** One, or, where each is for one message, filled up to a whole batch. */
  readonly pool: Certificate[]
  readonly isAlone: boolean
  /** Ids of our issuer's keys that the hub takes and the room has pinned. */
  readonly accepted: ReadonlySet<string>
}

export interface BatchOptions {
  readonly issuer: IssuerConnection
  readonly amortized?: boolean | undefined
  readonly challenge: (room: MimiUri, epochStart: number, tokenType: TokenType) => Buffer
  readonly randomness: Randomness
}

/** In batches as the issuer gives them, those first that come first. */
export function batchesOf(wanted: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const together = wanted.filter(({ isAlone }) => !isAlone)
  const batches = wanted.filter(({ isAlone }) => isAlone).map((one) => [one])
  for (let at = 0; at < together.length; at += BATCH_SIZE)
    batches.push(together.slice(at, at + BATCH_SIZE))
  return batches
}

/**
 * Has them certified under one key of the issuer, that of the first: a room whose hub does not take it
 * waits. Throws `issuer-key-mismatch` where the first takes none, what `IssuerConnection` throws.
 */
export async function certifyBatch(
  options: BatchOptions,
  address: IssuerAddress,
  wanted: readonly Wanted[],
): Promise<void> {
  for (let size = BATCH_SIZE, attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const answer = await ask(options, address, { wanted, size })
    if (answer.kind === 'issued') return
    size = answer.size
  }
  throw new ClientError('invalid-answer')
}

interface PlacedCertificate extends Pick<Wanted, 'room' | 'epochStart'> {
  readonly certificate: Certificate
}

/** The tokens that we want, and as many that nobody will ever see as make a batch full. */
async function ask(
  options: BatchOptions,
  { requestUrl, keys, batchKeys }: IssuerAddress,
  { wanted, size }: { readonly wanted: readonly Wanted[]; readonly size: number },
): Promise<OrderedTokens> {
  const { issuer, amortized, challenge, randomness } = options
  const [first] = wanted
  if (first === undefined) throw new ClientError('invalid-answer')
  const taken = ({ keyId }: { keyId: Buffer }) => first.accepted.has(keyId.toString('hex'))
  const batchKey = amortized === true ? batchKeys.find(taken) : undefined
  const tokenKey = keys.find(taken)
  const keyId = (batchKey ?? tokenKey)?.keyId.toString('hex')
  if (keyId === undefined) throw new ClientError('issuer-key-mismatch')
  const places = wanted
    .filter(({ accepted }) => accepted.has(keyId))
    .flatMap((one) => placesOf(one, size))
    .slice(0, size)
  const wishes = Array.from({ length: size }, (_, index) => {
    const { room, epochStart, certificate } = places[index] ?? { ...first, certificate: undefined }
    return {
      nonce: certificate ? pseudonymNonce(certificate.publicKey) : randomness(NONCE_BYTES),
      challengeOf: (type: TokenType) => challenge(room, epochStart, type),
    }
  })
  const ordered = { issuer, requestUrl, wishes, randomness }
  const answer = await place(ordered, { batchKey, tokenKey })
  if (answer.kind === 'issued')
    for (const [index, { certificate }] of places.entries())
      complete(certificate, answer.tokens[index])
  return answer
}

function place(
  order: TokenOrder,
  { batchKey, tokenKey }: { batchKey: BatchKey | undefined; tokenKey: TokenKey | undefined },
): Promise<OrderedTokens> {
  if (batchKey !== undefined) return orderAmortized(order, batchKey)
  if (tokenKey !== undefined) return orderBlindRsa(order, tokenKey)
  throw new ClientError('issuer-key-mismatch')
}

function placesOf(
  { room, epochStart, pool, isAlone }: Wanted,
  size: number,
): readonly PlacedCertificate[] {
  if (isAlone) pool.push(...Array.from({ length: size - pool.length }, newCertificate))
  return pool.map((certificate) => ({ room, epochStart, certificate }))
}

function complete(certificate: Certificate, token: Token | undefined): void {
  if (token === undefined) throw new ClientError('invalid-answer')
  certificate.admission = { token: tokenBytes(token), publicKey: certificate.publicKey }
}

const NONCE_BYTES = 32
const BATCH_SIZE = 8
const ATTEMPTS_MAX = 3
