import { format, resolveConfig } from 'prettier'
import { describe, expect, test } from 'vitest'
import { documentBytesMax } from '../../../src/metadata/requirements/document.ts'
import {
  openReceipt,
  receiptBytesMax,
  receiptJsonSchema,
  type OpenedReceipt,
} from '../../../src/receipts/receipt.ts'
import { around, receipt, receiptText, signedReceipt } from '../../support/receipts.ts'
import { signed } from '../../support/requirements.ts'

function reasonOf(text: string): Extract<OpenedReceipt, { kind: 'malformed' }> | undefined {
  const opened = openReceipt(Buffer.from(text))
  return opened.kind === 'malformed' ? opened : undefined
}

test('a receipt that was signed opens as what it was, with its digest as its id', () => {
  const original = signedReceipt()
  const opened = openReceipt(Buffer.from(original.jws))
  expect(opened).toEqual({ kind: 'opened', signed: original })
  expect(signedReceipt({ seq: 2, prev: original.digest }).digest).not.toBe(original.digest)
})

describe('bytes that are no receipt are refused by reason', () => {
  const text = receiptText()
  const cases: readonly (readonly [string, string, string])[] = [
    ['nothing', '', 'not-jws'],
    ['padding', `${signedReceipt().jws}=`, 'not-jws'],
    ['too many octets', 'a'.repeat(receiptBytesMax + 1), 'too-large'],
    ['a requirements document', signed().jws, 'bad-header'],
    ['an array bomb', around('['.repeat(documentBytesMax)), 'too-deep'],
    ['__proto__', around(`{"__proto__":{},${text.slice(1)}`), 'forbidden-member'],
    ['a duplicate member', around(text.replace('"seq":1', '"seq":1,"seq":1')), 'not-canonical'],
    ['another order', around(JSON.stringify(receipt())), 'not-canonical'],
    ['no object', around('null'), 'schema'],
  ]
  test.each(cases)('%s', (_, bytes, reason) => {
    expect(reasonOf(bytes)?.reason).toBe(reason)
  })
})

describe('what the schema refuses', () => {
  const [terms = never()] = receipt().terms
  const [exchanges = never()] = terms.exchanges
  const [field = never()] = exchanges.fields
  const withExchanges = (changes: object) => ({
    terms: [{ ...terms, exchanges: [{ ...exchanges, ...changes }] }],
  })
  const cases: readonly (readonly [string, object, string])[] = [
    ['an unknown member', { note: 'hello' }, ''],
    ['a provider with itself', { peer: 'a.example' }, ''],
    ['an hour', { to: receipt().from + 3_600 }, ''],
    ['a day that begins at noon', { from: receipt().from + 1, to: receipt().to + 1 }, ''],
    ['a day that is not over', { issuedAt: receipt().to - 1 }, ''],
    ['a first receipt that follows one', { prev: signed().digest }, ''],
    ['a second receipt that follows none', { seq: 2 }, ''],
    ['no terms', { terms: [] }, 'terms'],
    ['the same terms twice', { terms: [terms, terms] }, 'terms'],
    ['exchanges twice', { terms: [{ ...terms, exchanges: [exchanges, exchanges] }] }, EXCHANGES],
    ['a count of 0', withExchanges({ count: 0 }), `${EXCHANGES}.0.count`],
    ['half an exchange', withExchanges({ count: 0.5 }), `${EXCHANGES}.0.count`],
    [
      'a field of no registry',
      withExchanges({ fields: [{ ...field, field: 'sender.shoeSize' }] }),
      `${EXCHANGES}.0.fields.0.field`,
    ],
    [
      'a form of no field',
      withExchanges({ fields: [{ ...field, form: 'absent' }] }),
      `${EXCHANGES}.0.fields.0.form`,
    ],
    ['a field twice', withExchanges({ fields: [field, field] }), `${EXCHANGES}.0.fields`],
    ['what the journal keeps', withExchanges({ audience: 'archive' }), `${EXCHANGES}.0.audience`],
  ]
  test.each(cases)('%s', (_, changes, at) => {
    expect(reasonOf(around(receiptText(changes)))).toEqual({
      kind: 'malformed',
      reason: 'schema',
      at,
    })
  })
})

test('docs/metadata-receipt.schema.json is the schema that receipts are held to', async () => {
  const file = 'docs/metadata-receipt.schema.json'
  const options = await resolveConfig(file)
  const text = await format(JSON.stringify(receiptJsonSchema()), { ...options, filepath: file })
  await expect(text).toMatchFileSnapshot(`../../../${file}`)
})

function never(): never {
  throw new Error('not there')
}

const EXCHANGES = 'terms.0.exchanges'
