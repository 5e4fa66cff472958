import { createHash, type KeyObject } from 'node:crypto'
import { documentBytesMax, documentSchema, type RequirementsDocument } from './document.ts'
import { openJws, signJws, type Jws, type JwsFault } from './jws.ts'
import { thumbprint } from './signing-keys.ts'
import { canonicalJson } from './strict-json.ts'

/** A document with the signature that it came with, in JWS compact form. */
export interface SignedDocument extends Jws {
  readonly document: RequirementsDocument
}

export type MalformedReason = JwsFault | 'schema'

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

/** The document under a signature of `key`. */
export function signDocument(document: RequirementsDocument, key: KeyObject): SignedDocument {
  return Object.freeze({ document, ...signJws(document, documentType, key) })
}

/** Reads a signed document, whoever signed it: `verifiesWith` tells whether a key did. */
export function openDocument(bytes: Buffer): Opened {
  const bounds = { typ: documentType, bytesMax: documentBytesMax, depthMax: DEPTH_MAX }
  const opened = openJws(bytes, bounds)
  if (opened.kind === 'malformed') return opened
  const parsed = documentSchema.safeParse(opened.payload)
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join('.') ?? ''
    return { kind: 'malformed', reason: 'schema', at }
  }
  const document = parsed.data
  if (document.keys.keys.some((key) => key.kid !== thumbprint(key.x)))
    return { kind: 'malformed', reason: 'schema', at: 'keys.keys' }
  return { kind: 'opened', signed: Object.freeze({ document, ...opened.signed }) }
}

const documentType = 'mimi-metadata-requirements+jws'
/** document, suites, suite, entries, entry, purposes. */
const DEPTH_MAX = 6
