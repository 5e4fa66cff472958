import { describe, expect, test } from 'vitest'
import { suiteOfTable } from '../../../src/metadata/requirements/private-suite.ts'
import { verificationKeyOf } from '../../../src/metadata/requirements/signing-keys.ts'
import type { ExchangeCount, Receipt } from '../../../src/receipts/receipt.ts'
import {
  firstDay,
  planOf,
  pseudonyms,
  receipt,
  signedReceipt,
  suiteNamed,
  termsUnder,
  verdictOn,
} from '../../support/receipts.ts'
import { chainOf, privateTable, signed, signingKey } from '../../support/requirements.ts'

/** Exchanges of the sample, changed. */
function exchanges(changes: Partial<ExchangeCount>): Pick<Receipt, 'terms'> {
  const [terms] = receipt().terms
  const [sample] = terms?.exchanges ?? []
  if (terms === undefined || sample === undefined) throw new Error('no sample')
  return { terms: [{ ...terms, exchanges: [{ ...sample, ...changes }] }] }
}

test('a receipt that its provider signed and whose plan permits all of it is valid', () => {
  expect(verdictOn(signedReceipt())).toEqual({ kind: 'valid' })
})

describe('who signed it', () => {
  test('a key that the document does not name', () => {
    expect(verdictOn(signedReceipt({}, signingKey('b.example'))).kind).toBe('wrong-key')
  })

  test('a count that was changed afterwards', () => {
    const { jws, kid } = signedReceipt()
    const changed = { ...signedReceipt(exchanges({ count: 4 })), kid }
    const signature = jws.slice(jws.lastIndexOf('.'))
    const forged = { ...changed, jws: changed.jws.replace(/\.[^.]*$/, signature) }
    expect(verdictOn(forged).kind).toBe('bad-signature')
  })

  test('no document, another one, and one of another provider', () => {
    expect(verdictOn(signedReceipt(), []).kind).toBe('document-missing')
    expect(verdictOn(signedReceipt(), [signed({ regions: ['US'] })]).kind).toBe('document-missing')
    const foreign = signed({ provider: 'b.example' })
    const mixed = signedReceipt({ document: foreign.digest }, signingKey('b.example'))
    expect(verdictOn(mixed, [foreign]).kind).toBe('foreign-provider')
  })

  test('a document that had expired, or was not yet in force, when the receipt was signed', () => {
    const expired = signed({ expiresAt: firstDay + 3_600 })
    expect(verdictOn(signedReceipt({ document: expired.digest }), [expired])).toEqual({
      kind: 'document-refused',
      reason: 'expired',
    })
    const early = signed({ issuedAt: firstDay + 10 * 86_400 })
    expect(verdictOn(signedReceipt({ document: early.digest }), [early])).toEqual({
      kind: 'document-refused',
      reason: 'not-yet-valid',
    })
  })

  test('a document whose expiry lies behind us was in force when the receipt was signed', () => {
    const old = signed({ expiresAt: firstDay + 86_401 })
    expect(verdictOn(signedReceipt({ document: old.digest }), [old]).kind).toBe('valid')
  })

  test('a key that took over counts through the chain, and not without it', () => {
    const both = {
      keys: { keys: ['a.example', 'next'].map((name) => verificationKeyOf(signingKey(name))) },
    }
    const [first, second] = chainOf(2, () => both)
    if (first === undefined || second === undefined) throw new Error('no chain')
    const next = signed(
      {
        seq: 3,
        prev: second.digest,
        keys: { keys: [verificationKeyOf(signingKey('next'))] },
      },
      signingKey('a.example'),
    )
    const made = signedReceipt({ document: next.digest }, signingKey('next'))
    expect(verdictOn(made, [first, second, next]).kind).toBe('valid')
    expect(verdictOn(made, [first, next])).toEqual({
      kind: 'document-refused',
      reason: 'broken-prev',
    })
    expect(verdictOn(made, [next])).toEqual({ kind: 'document-refused', reason: 'wrong-key' })
    const retired = signedReceipt({ document: next.digest }, signingKey('a.example'))
    expect(verdictOn(retired, [first, second, next]).kind).toBe('wrong-key')
  })
})

describe('what it says', () => {
  test('a form above the bound of its field is named', () => {
    const fields = [{ field: 'participants.changes', form: 'exact', count: 1 }] as const
    expect(verdictOn(signedReceipt(exchanges({ fields: [...fields] })))).toEqual({
      kind: 'field-beyond-plan',
      at: { suite: 2, operation: 'notify', part: 'request', audience: 'follower' },
      field: 'participants.changes',
      form: 'exact',
      most: 'pseudonym-room',
    })
  })

  test('a field that the operation does not show is named', () => {
    const fields = [{ field: 'asset.url', form: 'exact', count: 1 }] as const
    expect(verdictOn(signedReceipt(exchanges({ fields: [...fields] })))).toMatchObject({
      kind: 'field-beyond-plan',
      field: 'asset.url',
      most: 'absent',
    })
  })

  test('an operation that the suite refuses is named', () => {
    const table = privateTable({
      entries: [],
    })
    const document = signed({ asHub: [table.code], suites: [table] })
    const { terms } = exchanges({ fields: [] })
    const changed = terms.map((one) => ({ ...one, ...termsUnder(suiteOfTable(table)) }))
    const made = signedReceipt({ document: document.digest, terms: changed })
    expect(verdictOn(made, [document])).toEqual({
      kind: 'operation-beyond-plan',
      at: { suite: table.code, operation: 'notify', part: 'request', audience: 'follower' },
    })
  })

  test('a field more often than there were exchanges', () => {
    const fields = [
      { field: 'message.time', form: 'bucket', count: 2 },
      { field: 'message.time', form: 'exact', count: 2 },
    ] as const
    const { terms } = exchanges({ fields: [...fields] })
    const changed = terms.map((one) => ({ ...one, ...termsUnder(suiteNamed('compliance')) }))
    expect(verdictOn(signedReceipt({ terms: changed }))).toMatchObject({
      kind: 'counts-contradict',
      field: 'message.time',
    })
  })

  test('a suite that nobody defines, one with another table, and another plan', () => {
    const [terms] = receipt().terms
    if (terms === undefined) throw new Error('no terms')
    const under = (changes: object) =>
      verdictOn(signedReceipt({ terms: [{ ...terms, ...changes }] }))
    expect(under({ suite: 0xf001 })).toEqual({ kind: 'suite-unknown', suite: 0xf001 })
    expect(under({ suiteDigest: signed().digest })).toEqual({ kind: 'suite-changed', suite: 2 })
    expect(under({ planDigest: signed().digest })).toEqual({ kind: 'plan-changed', suite: 2 })
  })

  test('a suite of the provider counts with the table of its document, and with no other', () => {
    const table = { ...privateTable(), entries: [...pseudonyms.entries] }
    const suite = suiteOfTable(asTable(table))
    const [sample] = receipt().terms
    if (sample === undefined) throw new Error('no terms')
    const terms = [{ ...sample, ...termsUnder(suite) }]
    const document = signed({ asHub: [0xf001], suites: [asTable(table)] })
    const made = signedReceipt({ document: document.digest, terms })
    expect(verdictOn(made, [document]).kind).toBe('valid')
    const other = signed({ asHub: [0xf001], suites: [privateTable({ timeBucketMs: 5 })] })
    const without = signedReceipt({ document: other.digest, terms })
    expect(verdictOn(without, [other])).toEqual({ kind: 'suite-changed', suite: 0xf001 })
  })
})

describe('its place in the chain', () => {
  const first = signedReceipt()
  const next = { seq: 2, from: firstDay + 5 * 86_400, to: firstDay + 6 * 86_400 }
  const second = signedReceipt({ ...next, prev: first.digest, issuedAt: next.to })

  test('the receipt that follows another one is valid after it', () => {
    expect(verdictOn(second, [signed()], first).kind).toBe('valid')
  })

  test('a receipt that was left out, or changed, shows', () => {
    const third = signedReceipt({ ...next, seq: 3, prev: second.digest, issuedAt: next.to })
    expect(verdictOn(third, [signed()], first).kind).toBe('broken-prev')
    const changed = signedReceipt({ interruptions: 1 })
    expect(verdictOn(second, [signed()], changed).kind).toBe('broken-prev')
    expect(verdictOn(changed, [signed()], first).kind).toBe('equivocation')
  })

  test('a day that was counted before, and the chain of another peer', () => {
    const again = signedReceipt({ seq: 2, prev: first.digest })
    expect(verdictOn(again, [signed()], first).kind).toBe('broken-prev')
    const ofAnother = signedReceipt({ peer: 'c.example' })
    expect(verdictOn(second, [signed()], ofAnother).kind).toBe('broken-prev')
  })
})

test('suites with different bounds have different plans', () => {
  const digests = ['bare-minimum', 'moderated-pseudonyms', 'identified', 'compliance'].map(
    (name) => planOf(suiteNamed(name)).digest,
  )
  expect(new Set(digests).size).toBe(4)
})

/** A table as documents carry it: without members that are undefined. */
function asTable(table: object): ReturnType<typeof privateTable> {
  return JSON.parse(JSON.stringify(table)) as ReturnType<typeof privateTable>
}
