import { WireError } from '../errors.ts'
import { Items } from './items.ts'

/** Parts inside each other, the body itself counted. */
const partDepthMax = 4

/** Parts of one message, multiparts counted. */
const partCountMax = 1_024

/** How the parts of a multipart belong together. draft-ietf-mimi-content-09 §4.5 */
export const partSemantics = ['chooseOne', 'singleUnit', 'processAll'] as const
export type PartSemantics = (typeof partSemantics)[number]

interface PartBase {
  /** 1 render, 2 reaction, 3 profile, 4 inline, 5 icon, 6 attachment, 7 session, 8 preview; others may come. */
  readonly disposition: number
  /** BCP 47 tag, or empty. */
  readonly language: string
}

/** An asset elsewhere; sizes are octets, `expires` is seconds since the Unix epoch, 0 for never. */
export interface ExternalPart extends PartBase {
  readonly cardinality: 'external'
  readonly contentType: string
  readonly url: string
  readonly expires: number
  readonly size: number
  readonly encAlg: number
  readonly key: Buffer
  readonly nonce: Buffer
  readonly aad: Buffer
  readonly hashAlg: number
  readonly contentHash: Buffer
  readonly description: string
  readonly filename: string
}

/** The body tree. draft-ietf-mimi-content-09 §4.5 */
export type ContentPart =
  | (PartBase & { readonly cardinality: 'null' })
  | (PartBase & {
      readonly cardinality: 'single'
      readonly contentType: string
      readonly content: Buffer
    })
  | ExternalPart
  | (PartBase & {
      readonly cardinality: 'multi'
      readonly partSemantics: PartSemantics
      readonly parts: readonly ContentPart[]
    })

/** Reads a body from decoded CBOR. Throws `WireError`: `invalid-cbor`, `limit-exceeded`. */
export function parsePart(value: unknown): ContentPart {
  return readPart(value, { depth: 1, count: { parts: 0 } })
}

/** The body as values for the CBOR encoder. */
export function partValue(part: ContentPart): readonly unknown[] {
  const head = [part.disposition, part.language]
  switch (part.cardinality) {
    case 'null':
      return [...head, 0]
    case 'single':
      return [...head, 1, part.contentType, part.content]
    case 'external':
      return [...head, 2, part.contentType, part.url, part.expires, part.size, ...sealValue(part)]
    case 'multi':
      return [...head, 3, partSemantics.indexOf(part.partSemantics), part.parts.map(partValue)]
  }
}

function sealValue(part: ExternalPart): readonly unknown[] {
  const { encAlg, key, nonce, aad, hashAlg, contentHash, description, filename } = part
  return [encAlg, key, nonce, aad, hashAlg, contentHash, description, filename]
}

interface Position {
  readonly depth: number
  readonly count: { parts: number }
}

function readPart(value: unknown, position: Position): ContentPart {
  if (position.depth > partDepthMax || ++position.count.parts > partCountMax)
    throw new WireError('limit-exceeded', 0)
  const items = new Items(value)
  const head = { disposition: items.uint(0xff), language: items.text() }
  switch (items.uint(3)) {
    case 0:
      return items.end({ ...head, cardinality: 'null' })
    case 1: {
      const contentType = items.text()
      return items.end({ ...head, cardinality: 'single', contentType, content: items.bytes() })
    }
    case 2:
      return items.end({ ...head, ...readExternal(items) })
    default:
      return items.end({ ...head, ...readMulti(items, position) })
  }
}

function readExternal(items: Items) {
  return {
    cardinality: 'external' as const,
    contentType: items.text(),
    url: items.text(),
    expires: items.uint(0xffff_ffff),
    size: items.uint(Number.MAX_SAFE_INTEGER),
    encAlg: items.uint(0xffff),
    key: items.bytes(),
    nonce: items.bytes(),
    aad: items.bytes(),
    hashAlg: items.uint(0xff),
    contentHash: items.bytes(),
    description: items.text(),
    filename: items.text(),
  }
}

function readMulti(items: Items, { depth, count }: Position) {
  const semantics = partSemantics[items.uint(partSemantics.length - 1)]
  if (semantics === undefined) throw new WireError('invalid-cbor', 0)
  const parts = items.array().map((part) => readPart(part, { depth: depth + 1, count }))
  if (parts.length < 2) throw new WireError('invalid-cbor', 0)
  return { cardinality: 'multi' as const, partSemantics: semantics, parts }
}
