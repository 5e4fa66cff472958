import { judgeChain } from '../metadata/requirements/chain.ts'
import { privateCodes, suiteOfTable } from '../metadata/requirements/private-suite.ts'
import { verifiesWith } from '../metadata/requirements/jws.ts'
import type { SignedDocument } from '../metadata/requirements/signed-document.ts'
import type { Suite } from '../metadata/suite.ts'
import type { Suites } from '../metadata/suites.ts'
import { compareForms, type FieldName, type Form } from '../model/metadata.ts'
import type { ExchangeCount, Receipt, SignedReceipt, TermCount } from './receipt.ts'
import type { SuitePlan } from './suite-plan.ts'

/** What a receipt is, given the documents of its provider. */
export type ReceiptVerdict =
  | { readonly kind: 'valid' }
  /** None of the documents is the one that it names. */
  | { readonly kind: 'document-missing' }
  /** The document that it names is another provider's. */
  | { readonly kind: 'foreign-provider' }
  /** They are no chain, or the last one was not in force when the receipt was signed. */
  | { readonly kind: 'document-refused'; readonly reason: string }
  /** Signed by a key that the document does not name. */
  | { readonly kind: 'wrong-key' }
  | { readonly kind: 'bad-signature' }
  /** Neither a built-in suite nor defined in the documents. */
  | { readonly kind: 'suite-unknown'; readonly suite: number }
  /** A suite of this code with another table. */
  | { readonly kind: 'suite-changed'; readonly suite: number }
  /** Suite and protocol give another plan. */
  | { readonly kind: 'plan-changed'; readonly suite: number }
  /** An operation that the suite refuses to this audience. */
  | { readonly kind: 'operation-beyond-plan'; readonly at: BeyondPlace }
  /** A field that the operation does not show to this audience, or a form above its bound. */
  | {
      readonly kind: 'field-beyond-plan'
      readonly at: BeyondPlace
      readonly field: FieldName
      readonly form: Form
      readonly most: Form
    }
  /** A field more often than there were exchanges. */
  | { readonly kind: 'counts-contradict'; readonly at: BeyondPlace; readonly field: FieldName }
  /** It does not follow the receipt before it. */
  | { readonly kind: 'broken-prev' }
  /** Two receipts with one `seq`: keep both, they are the proof. */
  | { readonly kind: 'equivocation' }

/** Where in a receipt. */
export type BeyondPlace = Pick<ExchangeCount, 'operation' | 'part' | 'audience'> & {
  readonly suite: number
}

export interface ReceiptEvidence {
  /**
   * Of the provider, the oldest first, from its first one or one that is trusted as such; those of other
   * providers are passed over.
   */
  readonly documents: readonly SignedDocument[]
  /** The receipt before it, where it is there. */
  readonly previous?: SignedReceipt | undefined
  /** The suites that everybody knows. */
  readonly suites: Suites
  readonly planOf: (suite: Suite) => SuitePlan
}

/**
 * Whether a receipt holds: signed by a key of a document that was in force, of suites that are known,
 * and with nothing in it that their plans do not permit. It needs no network and no secret.
 */
export function verifyReceipt(signed: SignedReceipt, evidence: ReceiptEvidence): ReceiptVerdict {
  return (
    judgeSignature(signed, evidence) ??
    judgePlace(signed, evidence.previous) ??
    first(signed.receipt.terms, (terms) => judgeTerms(terms, evidence)) ?? { kind: 'valid' }
  )
}

function judgeSignature(
  signed: SignedReceipt,
  { documents }: ReceiptEvidence,
): ReceiptVerdict | undefined {
  const { provider, document, issuedAt } = signed.receipt
  const at = documents.findIndex(({ digest }) => digest === document)
  const named = documents[at]
  if (named === undefined) return { kind: 'document-missing' }
  if (named.document.provider !== provider) return { kind: 'foreign-provider' }
  const chain = documents.slice(0, at + 1).filter((one) => one.document.provider === provider)
  const { verdict } = judgeChain({ provider, accepted: [] }, chain, issuedAt * 1_000)
  if (verdict.kind !== 'accepted') return { kind: 'document-refused', reason: verdict.kind }
  const outcome = verifiesWith(signed, named.document.keys.keys)
  return outcome === 'verified' ? undefined : { kind: outcome }
}

function judgePlace(
  { receipt, digest }: SignedReceipt,
  previous: SignedReceipt | undefined,
): ReceiptVerdict | undefined {
  if (previous === undefined) return undefined
  const before = previous.receipt
  if (!isOfOneChain(receipt, before)) return { kind: 'broken-prev' }
  if (before.seq === receipt.seq && previous.digest !== digest) return { kind: 'equivocation' }
  const follows =
    receipt.prev === previous.digest &&
    receipt.seq === before.seq + 1 &&
    receipt.from >= before.to &&
    receipt.issuedAt >= before.issuedAt
  return follows ? undefined : { kind: 'broken-prev' }
}

function isOfOneChain(one: Receipt, other: Receipt): boolean {
  return one.provider === other.provider && one.peer === other.peer
}

function judgeTerms(terms: TermCount, evidence: ReceiptEvidence): ReceiptVerdict | undefined {
  const { suite: code } = terms
  const candidates = suitesOfCode(code, evidence)
  if (candidates.length === 0) return { kind: 'suite-unknown', suite: code }
  const plan = candidates
    .map((suite) => evidence.planOf(suite))
    .find((candidate) => candidate.suiteDigest === terms.suiteDigest)
  if (plan === undefined) return { kind: 'suite-changed', suite: code }
  if (plan.digest !== terms.planDigest) return { kind: 'plan-changed', suite: code }
  return first(terms.exchanges, (exchanges) => judgeExchanges(exchanges, plan, code))
}

/** A provider may have defined a code of its own anew: any of its tables counts. */
function suitesOfCode(code: number, { suites, documents }: ReceiptEvidence): readonly Suite[] {
  const isPrivate = code >= privateCodes.min && code <= privateCodes.max
  if (!isPrivate) return [suites.suiteByCode(code) ?? []].flat()
  return documents
    .flatMap(({ document }) => document.suites)
    .filter((table) => table.code === code)
    .map(suiteOfTable)
}

function judgeExchanges(
  { operation, part, audience, count, fields }: ExchangeCount,
  suitePlan: SuitePlan,
  suite: number,
): ReceiptVerdict | undefined {
  const at = { suite, operation, part, audience }
  const plan = suitePlan.plan(operation, audience)
  if (plan === undefined) return { kind: 'operation-beyond-plan', at }
  const beyond = first(fields, ({ field, form }): ReceiptVerdict | undefined => {
    const most = plan[part][field]?.most ?? 'absent'
    if (compareForms(form, most) <= 0) return undefined
    return { kind: 'field-beyond-plan', at, field, form, most }
  })
  if (beyond !== undefined) return beyond
  const totals = new Map<FieldName, number>()
  for (const { field, count: times } of fields) totals.set(field, (totals.get(field) ?? 0) + times)
  return first([...totals], ([field, total]): ReceiptVerdict | undefined =>
    total > count ? { kind: 'counts-contradict', at, field } : undefined,
  )
}

/** What the first item says that says anything. */
function first<T>(
  items: readonly T[],
  judge: (item: T) => ReceiptVerdict | undefined,
): ReceiptVerdict | undefined {
  for (const item of items) {
    const verdict = judge(item)
    if (verdict !== undefined) return verdict
  }
  return undefined
}
