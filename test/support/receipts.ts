import { canonicalJson } from '../../src/metadata/requirements/strict-json.ts'
import type { SignedDocument } from '../../src/metadata/requirements/signed-document.ts'
import type { Suite } from '../../src/metadata/suite.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'
import {
  signReceipt,
  type ExchangeCount,
  type Receipt,
  type SignedReceipt,
} from '../../src/receipts/receipt.ts'
import { createSuitePlans } from '../../src/receipts/suite-plan.ts'
import { verifyReceipt, type ReceiptEvidence } from '../../src/receipts/verify.ts'
import { builtIn, publishedAtMs, signed, signingKey } from './requirements.ts'

export const planOf = createSuitePlans(declarations)

/** The first day of the documents of the tests, in seconds. */
export const firstDay = publishedAtMs / 1_000

/** The terms of a suite, without what passed under them. */
export function termsUnder(suite: Suite) {
  const { suiteDigest, digest: planDigest } = planOf(suite)
  return { agreement: null, suite: suite.code, suiteDigest, planDigest }
}

/** 0x0002, which is everywhere. */
export const pseudonyms = suiteNamed('moderated-pseudonyms')

export function suiteNamed(name: string): Suite {
  const suite = builtIn.suiteByName(name)
  if (suite === undefined) throw new Error('no such suite')
  return suite
}

/** What a.example handed to b.example on the first day: three messages, one of them without an id. */
export function receipt(changes: Partial<Receipt> = {}): Receipt {
  return {
    provider: 'a.example',
    peer: 'b.example',
    seq: 1,
    prev: null,
    from: firstDay,
    to: firstDay + 86_400,
    issuedAt: firstDay + 86_400,
    document: signed().digest,
    interruptions: 0,
    terms: [
      {
        ...termsUnder(pseudonyms),
        exchanges: [
          {
            kind: 'shown',
            operation: 'notify',
            part: 'request',
            audience: 'follower',
            count: 3,
            fields: [
              { field: 'room.id', form: 'exact', count: 3 },
              { field: 'message.id', form: 'exact', count: 2 },
              { field: 'message.frank', form: 'exact', count: 3 },
            ],
          },
        ],
      },
    ],
    ...changes,
  }
}

/** The same, signed by a.example. */
export function signedReceipt(changes: Partial<Receipt> = {}, key = signingKey()): SignedReceipt {
  return signReceipt(receipt(changes), key)
}

/** The verdict on a receipt, with the first document of a.example unless others are given. */
export function verdictOn(
  receiptToJudge: SignedReceipt,
  documents: readonly SignedDocument[] = [signed()],
  previous?: SignedReceipt,
) {
  const evidence: ReceiptEvidence = { documents, previous, suites: builtIn, planOf }
  return verifyReceipt(receiptToJudge, evidence)
}

/** A JWS over exactly this payload with the header and signature of another one. */
export function around(
  payload: string,
  { jws }: { readonly jws: string } = signedReceipt(),
): string {
  const [header, , signature] = jws.split('.')
  return `${header}.${Buffer.from(payload).toString('base64url')}.${signature}`
}

export const receiptText = (changes: object = {}): string =>
  canonicalJson({ ...receipt(), ...changes })

/** The rows of one kind and part, over all agreements and suites. */
export function counted(
  { terms }: Receipt,
  kind: ExchangeCount['kind'],
  part: ExchangeCount['part'],
) {
  return terms
    .flatMap(({ exchanges }) => exchanges)
    .filter((row) => row.kind === kind && row.part === part)
}

export function perOperation(found: readonly ExchangeCount[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { operation, count } of found) sums[operation] = (sums[operation] ?? 0) + count
  return sums
}

export function tally(operations: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const operation of operations) sums[operation] = (sums[operation] ?? 0) + 1
  return sums
}

export function timesShown(found: readonly ExchangeCount[], field: string): number {
  return found
    .flatMap(({ fields }) => fields)
    .filter((one) => one.field === field)
    .reduce((sum, { count }) => sum + count, 0)
}
