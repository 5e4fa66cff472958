import { expect, test } from 'vitest'
import { arfMail } from '../../../src/exports/arf.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { noticeMessageSchema } from '../../../src/notices/messages.ts'
import { xarfReport } from '../../../src/exports/xarf.ts'
import { decided } from '../../support/decided-cases.ts'
import { hub } from '../../support/exports.ts'
import { readMail } from '../../support/read-mail.ts'

function forwarded(category: string, subject = 'mimi://b.example/u/0f8fad5b') {
  return {
    decided: decided({ category, subject }, { subject }),
    provider: parseProviderDomain('b.example'),
    desk: { organisation: 'hub.example', mail: 'abuse@hub.example' },
    method: 'relay-log' as const,
  }
}

function mailOf(...[category, subject]: Parameters<typeof forwarded>) {
  const from = forwarded(category, subject)
  const xarf = xarfReport(from, { self: hub, participants: 5 })
  const report = xarf.kind === 'made' ? xarf.document : undefined
  const exported = arfMail(from, { self: hub, xarf: report })
  if (exported.kind === 'refused') throw new Error(exported.reason)
  return { text: exported.document, ...readMail(exported.document) }
}

test('a mail of three parts: for people, for programs, and JSON instead of the message', () => {
  const { headers, parts } = mailOf('spam')
  expect(headers).toMatchObject({
    from: '<abuse@hub.example>',
    to: '<abuse@b.example>',
    date: 'Fri, 20 Nov 2026 15:04:05 +0000',
    'mime-version': '1.0',
    'message-id': expect.stringMatching(/^<[\w-]{43}@hub\.example>$/),
    'content-type': expect.stringMatching(
      /^multipart\/report; report-type=feedback-report; boundary="=_[\w-]{43}"$/,
    ),
  })
  expect(parts.map(({ headers: { 'content-type': type = '' } }) => type)).toEqual([
    'text/plain; charset=us-ascii',
    'message/feedback-report',
    'application/json; name="xarf.json"',
  ])
  expect(parts[1]?.body.trim().split('\r\n')).toEqual([
    'Feedback-Type: abuse',
    'User-Agent: Postern',
    'Version: 1',
    'Arrival-Date: Thu, 19 Nov 2026 00:00:00 +0000',
    'Reported-Domain: b.example',
    'Reported-URI: mimi://b.example/u/0f8fad5b',
    'Incidents: 3',
  ])
  expect(JSON.parse(Buffer.from(parts[2]?.body ?? '', 'base64').toString())).toMatchObject({
    xarf_version: '4.2.0',
  })
})

test('where XARF has no type the JSON is a note in the words of our notices', () => {
  const { parts } = mailOf('harassment.targeted')
  expect(parts[1]?.body).toContain('Feedback-Type: other')
  const note: unknown = JSON.parse(Buffer.from(parts[2]?.body ?? '', 'base64').toString())
  expect(note).toMatchObject({ category: 'harassment.targeted', verification: 'relay_log' })
  const head = { notice_id: 'n'.repeat(16), from: 'hub.example', issued_at: '2026-11-20T00:00:00Z' }
  const notice = Object.assign({ type: 'notice', ...head }, note)
  expect(noticeMessageSchema.safeParse(notice).success).toBe(true)
})

test('the same decision makes the same mail', () => {
  expect(mailOf('spam').text).toBe(mailOf('spam').text)
})

test('a long name is not folded where it has no blank, and every line is short enough', () => {
  const { text } = mailOf('spam', `mimi://b.example/u/${'p'.repeat(900)}`)
  expect(Math.max(...text.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(998)
})

test.each([
  ['child.csam', 'restricted-category'],
  ['child.grooming', 'restricted-category'],
  ['adult.ncii', 'restricted-category'],
  ['unspecified', 'no-type'],
])('%s never goes by mail: %s', (category, reason) => {
  expect(arfMail(forwarded(category), { self: hub, xarf: undefined })).toEqual({
    kind: 'refused',
    reason,
  })
})

test.each([`mimi://b.example/u/${'p'.repeat(1_000)}`, 'mimi://b.example/u/müller'])(
  'a name that fits in no line of a mail is refused',
  (subject) => {
    expect(arfMail(forwarded('spam', subject), { self: hub, xarf: undefined })).toEqual({
      kind: 'refused',
      reason: 'unfit-for-mail',
    })
  },
)
