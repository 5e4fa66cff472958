import { hash } from 'node:crypto'
import type { ContentPart, ExternalPart } from '../wire/cbor/content-part.ts'
import { decodeMimiContent } from '../wire/cbor/mimi-content.ts'
import { WireError } from '../wire/errors.ts'

/**
 * The attachments of MIMI content, in its order: what lies elsewhere. Content with a body that cannot be
 * read shows no attachment to anybody. draft-ietf-mimi-content-09 §4.5
 */
export function attachmentsOf(content: Buffer): readonly ExternalPart[] {
  try {
    return externalParts(decodeMimiContent(content).body)
  } catch (error) {
    if (error instanceof WireError) return []
    throw error
  }
}

/**
 * Whether the message says which octets it means. Without a hash, or with one that somebody could meet with
 * other octets, whoever hosts an attachment can put another in its place under the same key.
 */
export function isVerifiable({ hashAlg, contentHash }: HashedPart): boolean {
  const named = NAMED_HASHES.get(hashAlg)
  return named !== undefined && contentHash.length === named.bytes
}

/** Whether these are the octets that the message means, as they lie with their host. */
export function isMeant(octets: Buffer, { hashAlg, contentHash }: HashedPart): boolean {
  const named = NAMED_HASHES.get(hashAlg)
  return named !== undefined && hash(named.name, octets, 'buffer').equals(contentHash)
}

type HashedPart = Pick<ExternalPart, 'hashAlg' | 'contentHash'>

function externalParts(part: ContentPart): readonly ExternalPart[] {
  switch (part.cardinality) {
    case 'external':
      return [part]
    case 'multi':
      return part.parts.flatMap(externalParts)
    case 'single':
    case 'null':
      return []
  }
}

/** By their numbers at IANA, without those that are cut short. RFC 6920 §9.4 */
const NAMED_HASHES: ReadonlyMap<number, { readonly name: string; readonly bytes: number }> =
  new Map([
    [1, { name: 'sha256', bytes: 32 }],
    [7, { name: 'sha384', bytes: 48 }],
    [8, { name: 'sha512', bytes: 64 }],
    [10, { name: 'sha3-256', bytes: 32 }],
    [11, { name: 'sha3-384', bytes: 48 }],
    [12, { name: 'sha3-512', bytes: 64 }],
  ])
