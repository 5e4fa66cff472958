import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { fieldList } from '../metadata/fields.ts'
import { digestSchema, domainSchema, secondsSchema } from '../metadata/requirements/document.ts'
import { openJws, signJws, type Jws, type JwsFault } from '../metadata/requirements/jws.ts'
import { operations } from '../model/exchange.ts'
import { audiences, forms } from '../model/metadata.ts'

// The one place that says what a receipt is: type, JSON Schema and validator. docs/receipts.md

/** Octets of a signed receipt. */
export const receiptBytesMax = 16_777_216

/** A period is one day in UTC. */
export const daySeconds = 86_400

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER)

const fieldCount = z
  .strictObject({
    field: z.enum(fieldList.map(({ name }) => name)).describe('A field of the registry.'),
    form: z.enum(forms).exclude(['absent']).describe('The form in which it was shown.'),
    count: count.describe('In how many of these exchanges.'),
  })
  .describe('A field in one form.')

const exchangeCount = z
  .strictObject({
    kind: z
      .enum(['shown', 'unanswered', 'received'])
      .describe(
        'shown: to the peer; unanswered: sent to the peer, which may have it or not; received: taken from the peer.',
      ),
    operation: z.enum(operations),
    part: z.enum(['request', 'response']),
    audience: z.enum(audiences).exclude(['archive']).describe('As whom the reader saw it.'),
    count: count.describe('Exchanges.'),
    fields: z
      .array(fieldCount)
      .max(fieldList.length * forms.length)
      .refine(
        (fields) => unique(fields.map(({ field, form }) => `${field} ${form}`)),
        'a field twice in one form',
      ),
  })
  .describe('All exchanges of one operation, with what they showed.')
export type ExchangeCount = Readonly<z.infer<typeof exchangeCount>>

const termCount = z
  .strictObject({
    agreement: digestSchema
      .nullable()
      .describe("Id of the agreement; null under the operator's own list for the peer."),
    suite: z.int().min(1).max(0xffff).describe('Code of the metadata suite.'),
    suiteDigest: digestSchema.describe("Of the suite's table."),
    planDigest: digestSchema.describe('Of all that suite and protocol let anybody show.'),
    exchanges: z
      .array(exchangeCount)
      .min(1)
      .max(512)
      .refine((rows) => unique(rows.map(keyOfExchanges)), 'exchanges of one sort twice'),
  })
  .describe('What passed under one agreement and suite.')
export type TermCount = Readonly<z.infer<typeof termCount>>

/** The payload of a signed receipt. */
export const receiptSchema = z
  .strictObject({
    provider: domainSchema.describe('The provider that speaks.'),
    peer: domainSchema.describe('The provider with which it exchanged all this.'),
    seq: z
      .int()
      .min(1)
      .max(Number.MAX_SAFE_INTEGER)
      .describe('Rises by one with every receipt for the peer.'),
    prev: digestSchema
      .nullable()
      .describe('Digest of the receipt for the peer before; null in the first one.'),
    from: secondsSchema.describe('Begin of the day in UTC, in seconds since 1970.'),
    to: secondsSchema.describe('Its end.'),
    issuedAt: secondsSchema.describe('When it was signed, in seconds since 1970.'),
    document: digestSchema.describe(
      'Digest of the requirements document in force then, which names the key that signed.',
    ),
    interruptions: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .describe(
        'How often since the receipt before the gateway may have lost its last counts; 0: all of them are here.',
      ),
    terms: z
      .array(termCount)
      .min(1)
      .max(4_096)
      .refine((terms) => unique(terms.map(keyOfTerms)), 'the same terms twice'),
  })
  .refine(({ provider, peer }) => provider !== peer, 'a provider with itself')
  .refine(({ from, to }) => from % daySeconds === 0 && to === from + daySeconds, 'not one day')
  .refine(({ to, issuedAt }) => issuedAt >= to, 'issued before the day was over')
  .refine(({ seq, prev }) => (seq === 1) === (prev === null), 'only the first one follows none')
  .meta({
    title: 'Metadata receipt',
    description: 'Payload of a receipt: what one provider showed another on one day, in counts.',
  })
export type Receipt = Readonly<z.infer<typeof receiptSchema>>

/** The schema as JSON Schema 2020-12: `docs/metadata-receipt.schema.json`. */
export function receiptJsonSchema() {
  return z.toJSONSchema(receiptSchema)
}

/** A receipt with the signature that it came with. */
export interface SignedReceipt extends Jws {
  readonly receipt: Receipt
}

export type OpenedReceipt =
  | { readonly kind: 'opened'; readonly signed: SignedReceipt }
  | {
      readonly kind: 'malformed'
      readonly reason: JwsFault | 'schema'
      /** Where the schema does not hold: names of the schema and indices only. */
      readonly at?: string
    }

/** The receipt under a signature of `key`. */
export function signReceipt(receipt: Receipt, key: KeyObject): SignedReceipt {
  return Object.freeze({ receipt, ...signJws(receipt, receiptType, key) })
}

/** Reads a signed receipt, whoever signed it: `verifyReceipt` tells whether it holds. */
export function openReceipt(bytes: Buffer): OpenedReceipt {
  const bounds = { typ: receiptType, bytesMax: receiptBytesMax, depthMax: DEPTH_MAX }
  const opened = openJws(bytes, bounds)
  if (opened.kind === 'malformed') return opened
  const parsed = receiptSchema.safeParse(opened.payload)
  if (parsed.success)
    return { kind: 'opened', signed: Object.freeze({ receipt: parsed.data, ...opened.signed }) }
  const at = parsed.error.issues[0]?.path.join('.') ?? ''
  return { kind: 'malformed', reason: 'schema', at }
}

function keyOfExchanges({
  kind,
  operation,
  part,
  audience,
}: Pick<ExchangeCount, 'kind' | 'operation' | 'part' | 'audience'>): string {
  return `${kind} ${operation} ${part} ${audience}`
}

function keyOfTerms({ agreement, suite, suiteDigest, planDigest }: Omit<TermCount, 'exchanges'>) {
  return `${agreement} ${suite} ${suiteDigest} ${planDigest}`
}

function unique(values: readonly string[]): boolean {
  return new Set(values).size === values.length
}

const receiptType = 'mimi-metadata-receipt+jws'
/** receipt, terms, term, exchanges, exchange, fields, field. */
const DEPTH_MAX = 7
