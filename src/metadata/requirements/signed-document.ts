import { createHash, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import {
  documentBytesMax,
  documentSchema,
  type RequirementsDocument,
  type VerificationKey,
} from './document.ts'
import { keyObjectOf, thumbprint, verificationKeyOf } from './signing-keys.ts'
import { canonicalJson, parseCanonicalJson, type JsonFault } from './strict-json.ts'

/** A document with the signature that it came with, in JWS compact form. */
export interface SignedDocument {
  readonly document: RequirementsDocument
  /** Of the payload alone, so that another signature over the same document is the same document. */
  readonly digest: string
  /** The key that signed it, by its thumbprint. */
  readonly kid: string
  readonly jws: string
}

export type MalformedReason = JsonFault | 'not-jws' | 'bad-header' | 'schema'

export type Opened =
  | { readonly kind: 'opened'; readonly signed: SignedDocument }
  | {
      readonly kind: 'malformed'
      readonly reason: MalformedReason
      /** Where the schema does not hold: names of the schema and indices only. */
      readonly at?: string
    }

/** `application/jose` content, RFC 7515 §9.2.1. */
export const documentContentType = 'application/jose'

/** SHA-256 over the canonical JSON of a document, base64url. */
export function documentDigest(document: RequirementsDocument): string {
  return createHash('sha256').update(canonicalJson(document)).digest('base64url')
}

/** A JWS over canonical JSON (RFC 8785), compact, EdDSA with Ed25519. RFC 7515, RFC 8037 §3.1 */
export function signDocument(document: RequirementsDocument, key: KeyObject): SignedDocument {
  const { kid } = verificationKeyOf(key)
  const header = encode(canonicalJson({ alg: 'EdDSA', kid, typ: documentType }))
  const input = `${header}.${encode(canonicalJson(document))}`
  const signature = sign(null, Buffer.from(input), key).toString('base64url')
  return Object.freeze({
    document,
    digest: documentDigest(document),
    kid,
    jws: `${input}.${signature}`,
  })
}

/**
 * Reads a signed document, whoever signed it: `verifiesWith` tells whether a key did. Bounded before
 * it is parsed; only one spelling of everything is taken, so a document has one digest.
 */
export function openDocument(bytes: Buffer): Opened {
  if (bytes.length > documentBytesMax) return { kind: 'malformed', reason: 'too-large' }
  const jws = bytes.toString('latin1')
  const [, header = '', payload = '', signature = ''] = COMPACT.exec(jws) ?? []
  const headerBytes = decode(header)
  const payloadBytes = decode(payload)
  if (headerBytes === undefined || payloadBytes === undefined || decode(signature)?.length !== 64)
    return { kind: 'malformed', reason: 'not-jws' }
  const kid = readHeader(headerBytes)
  if (kid === undefined) return { kind: 'malformed', reason: 'bad-header' }
  const json = parseCanonicalJson(payloadBytes, { bytesMax: documentBytesMax, depthMax: DEPTH_MAX })
  if (json.kind === 'refused') return { kind: 'malformed', reason: json.reason }
  const parsed = documentSchema.safeParse(json.value)
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join('.') ?? ''
    return { kind: 'malformed', reason: 'schema', at }
  }
  const document = parsed.data
  if (document.keys.keys.some((key) => key.kid !== thumbprint(key.x)))
    return { kind: 'malformed', reason: 'schema', at: 'keys.keys' }
  const digest = createHash('sha256').update(payloadBytes).digest('base64url')
  return { kind: 'opened', signed: Object.freeze({ document, digest, kid, jws }) }
}

/** What the keys say of a signature: none of them made it, or one of them did not. */
export function verifiesWith(
  { jws, kid }: SignedDocument,
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

function readHeader(bytes: Buffer): string | undefined {
  const json = parseCanonicalJson(bytes, { bytesMax: HEADER_BYTES_MAX, depthMax: 1 })
  const parsed = headerSchema.safeParse(json.kind === 'json' ? json.value : undefined)
  return parsed.data?.kid
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** Undefined for base64url that is not the one encoding of its octets. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined
}

const documentType = 'mimi-metadata-requirements+jws'
const headerSchema = z.strictObject({
  alg: z.literal('EdDSA'),
  kid: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  typ: z.literal(documentType),
})
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/
const HEADER_BYTES_MAX = 512
/** document, suites, suite, entries, entry, purposes. */
const DEPTH_MAX = 6
