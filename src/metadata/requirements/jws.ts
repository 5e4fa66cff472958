import { createHash, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { VerificationKey } from './document.ts'
import { keyObjectOf, verificationKeyOf } from './signing-keys.ts'
import { canonicalJson, parseCanonicalJson, type JsonFault } from './strict-json.ts'

/** A JWS in compact form with the id of the key that signed it. */
export interface Jws {
  readonly jws: string
  /** The thumbprint of the key. */
  readonly kid: string
  /** SHA-256 of the payload alone, base64url: another signature over the same payload has the same. */
  readonly digest: string
}

export type JwsFault = JsonFault | 'not-jws' | 'bad-header'

export interface JwsBounds {
  /** Of the header. */
  readonly typ: string
  readonly bytesMax: number
  /** Of the payload. */
  readonly depthMax: number
}

/** A JWS over canonical JSON (RFC 8785), compact, EdDSA with Ed25519. RFC 7515, RFC 8037 §3.1 */
export function signJws(payload: unknown, typ: string, key: KeyObject): Jws {
  const { kid } = verificationKeyOf(key)
  const text = canonicalJson(payload)
  const input = `${encode(canonicalJson({ alg: 'EdDSA', kid, typ }))}.${encode(text)}`
  const signature = sign(null, Buffer.from(input), key).toString('base64url')
  return { jws: `${input}.${signature}`, kid, digest: sha256(text) }
}

/**
 * Reads a JWS, whoever signed it: `verifiesWith` tells whether a key did. Bounded before it is parsed;
 * only one spelling of everything is taken, so a payload has one digest.
 */
export function openJws(
  bytes: Buffer,
  { typ, bytesMax, depthMax }: JwsBounds,
):
  | { readonly kind: 'opened'; readonly payload: unknown; readonly signed: Jws }
  | { readonly kind: 'malformed'; readonly reason: JwsFault } {
  const malformed = (reason: JwsFault) => ({ kind: 'malformed', reason }) as const
  if (bytes.length > bytesMax) return malformed('too-large')
  const jws = bytes.toString('latin1')
  const [, header = '', payload = '', signature = ''] = COMPACT.exec(jws) ?? []
  const headerBytes = decode(header)
  const payloadBytes = decode(payload)
  if (headerBytes === undefined || payloadBytes === undefined || decode(signature)?.length !== 64)
    return malformed('not-jws')
  const kid = readHeader(headerBytes, typ)
  if (kid === undefined) return malformed('bad-header')
  const json = parseCanonicalJson(payloadBytes, { bytesMax, depthMax })
  if (json.kind === 'refused') return malformed(json.reason)
  return {
    kind: 'opened',
    payload: json.value,
    signed: { jws, kid, digest: sha256(payloadBytes) },
  }
}

/** What the keys say of a signature: none of them made it, or one of them did not. */
export function verifiesWith(
  { jws, kid }: Pick<Jws, 'jws' | 'kid'>,
  keys: readonly VerificationKey[],
): 'verified' | 'wrong-key' | 'bad-signature' {
  const key = keys.find((candidate) => candidate.kid === kid)
  if (key === undefined) return 'wrong-key'
  const dot = jws.lastIndexOf('.')
  const signature = Buffer.from(jws.slice(dot + 1), 'base64url')
  return verify(null, Buffer.from(jws.slice(0, dot)), keyObjectOf(key), signature)
    ? 'verified'
    : 'bad-signature'
}

function readHeader(bytes: Buffer, typ: string): string | undefined {
  const json = parseCanonicalJson(bytes, { bytesMax: HEADER_BYTES_MAX, depthMax: 1 })
  const parsed = headerSchema.safeParse(json.kind === 'json' ? json.value : undefined)
  return parsed.success && parsed.data.typ === typ ? parsed.data.kid : undefined
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('base64url')
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** Undefined for base64url that is not the one encoding of its octets. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined
}

const headerSchema = z.strictObject({
  alg: z.literal('EdDSA'),
  kid: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  typ: z.string(),
})
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/
const HEADER_BYTES_MAX = 512
