import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arfMail } from '../../../src/exports/arf.ts'
import { dsaStatement } from '../../../src/exports/dsa.ts'
import { forwardedCase } from '../../../src/exports/forwarded-case.ts'
import { fieldLines } from '../../../src/exports/mail-lines.ts'
import { xarfReport } from '../../../src/exports/xarf.ts'
import { anyDecidedCase } from '../../support/arbitraries/decided-cases.ts'
import { exportSettings, hub } from '../../support/exports.ts'
import { vectorSchema } from '../../support/json-schema.ts'
import { readMail } from '../../support/read-mail.ts'
import { xarfCheck } from '../../support/xarf-schema.ts'

const dsaCheck = vectorSchema('reports/dsa/statement-of-reasons.schema.json') ?? (() => [])
const check = xarfCheck() ?? (() => [])
const router = {
  noticeOfDecision: () => ({
    allowed: true,
    policies: [],
    anonymitySet: 9,
    about: {
      reporters: 1,
      providers: [],
      consentForward: false,
      method: 'frank' as const,
      newestMs: 1,
    },
  }),
}

test('any decided case makes a valid statement of reasons, or is refused with a reason', () => {
  const kinds = new Set<string>()
  fc.assert(
    fc.property(anyDecidedCase, (decided) => {
      const exported = dsaStatement(decided, exportSettings.dsa)
      kinds.add(exported.kind === 'made' ? 'made' : exported.reason)
      const flaws = exported.kind === 'made' ? dsaCheck(exported.document) : []
      expect(flaws).toEqual([])
    }),
    { numRuns: 2_000 },
  )
  expect(kinds).toEqual(
    new Set(['made', 'not-decided', 'complaint', 'names-somebody', 'outside-eea']),
  )
})

test('any decided case makes valid XARF and a mail that can be read, or is refused with a reason', () => {
  const kinds = new Set<string>()
  fc.assert(
    fc.property(anyDecidedCase, fc.nat(300), (decided, participants) => {
      const forwarded = forwardedCase(decided, { ...exportSettings, router })
      if (forwarded.kind === 'refused') return void kinds.add(forwarded.reason)
      const xarf = xarfReport(forwarded.document, { self: hub, participants })
      kinds.add(xarf.kind === 'made' ? xarf.document.type : xarf.reason)
      const report = xarf.kind === 'made' ? xarf.document : undefined
      expect(report === undefined ? [] : check(report)).toEqual([])
      const mail = arfMail(forwarded.document, { self: hub, xarf: report })
      kinds.add(mail.kind === 'made' ? 'mail' : mail.reason)
      const parts = mail.kind === 'made' ? readMail(mail.document).parts.length : 3
      expect(parts).toBe(3)
    }),
    { numRuns: 2_000 },
  )
  const reasons = ['not-decided', 'complaint', 'subject-unnamed', 'no-type', 'needs-url']
  const types = ['spam', 'bulk_messaging', 'too-few-recipients', 'mail', 'restricted-category']
  expect(kinds).toEqual(new Set([...reasons, ...types]))
})

test('no value of a field begins a line of its own, and folding loses nothing', () => {
  const value = fc.oneof(
    fc.string({ minLength: 1, maxLength: 1_200, unit: 'grapheme-ascii' }),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.constantFrom('a\r\nBcc: x@y.example', 'a\n b', 'a\u0000', ' ', 'a ', `${'b'.repeat(200)} c`),
  )
  fc.assert(
    fc.property(value, (text) => {
      const lines = fieldLines([['Subject', text]])
      if (lines.kind === 'refused') return
      for (const line of lines.document) {
        expect(line.length).toBeLessThanOrEqual(998)
        expect(line.trim()).not.toBe('')
      }
      const [first = '', ...others] = lines.document
      expect(first.startsWith('Subject:')).toBe(true)
      expect(others.every((line) => line.startsWith(' '))).toBe(true)
      const mail = readMail(`${lines.document.join('\r\n')}\r\n\r\n`)
      expect(mail.headers).toEqual({ subject: text })
    }),
    { numRuns: 1_000 },
  )
})
