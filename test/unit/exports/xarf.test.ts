import { expect, test } from 'vitest'
import { forwardedCase } from '../../../src/exports/forwarded-case.ts'
import { xarfReport } from '../../../src/exports/xarf.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { decided } from '../../support/decided-cases.ts'
import { exportSettings, hub } from '../../support/exports.ts'
import { xarfCheck } from '../../support/xarf-schema.ts'

const check = xarfCheck()

function forwarded(category: string) {
  return {
    decided: decided({ category }),
    provider: parseProviderDomain('b.example'),
    desk: { organisation: 'hub.example trust and safety', mail: 'abuse@hub.example' },
    method: 'frank' as const,
  }
}

function bulk(participants: number | undefined) {
  return xarfReport(forwarded('spam.flooding'), { self: hub, participants })
}

function router(allowed: boolean, method: 'frank' | 'none' = 'frank') {
  const about = { reporters: 1, providers: [], consentForward: false, method, newestMs: 1 }
  return { noticeOfDecision: () => ({ allowed, policies: [], anonymitySet: 9, about }) }
}

function reasonOf(given: ReturnType<typeof decided>, routes = router(true)): string {
  const exported = forwardedCase(given, { ...exportSettings, router: routes })
  return exported.kind === 'refused' ? exported.reason : 'made'
}

test('spam in a chat: who sent it as the room shows it, on which day, and no content', () => {
  const exported = xarfReport(forwarded('spam'), { self: hub, participants: 5 })
  const contact = {
    org: 'hub.example trust and safety',
    contact: 'abuse@hub.example',
    domain: 'hub.example',
  }
  expect(exported).toMatchObject({
    document: {
      xarf_version: '4.2.0',
      timestamp: '2026-11-19T00:00:00Z',
      reporter: contact,
      sender: contact,
      source_identifier: 'mimi://b.example/u/0f8fad5b',
      category: 'messaging',
      type: 'spam',
      protocol: 'chat',
      evidence_source: 'user_complaint',
      tags: ['mimi:verified', 'verification:frank'],
    },
  })
  const [evidence] = exported.kind === 'made' ? exported.document.evidence : []
  expect(JSON.parse(Buffer.from(evidence?.payload ?? '', 'base64').toString())).toEqual({
    proofs: exported.kind === 'made' ? exported.document.report_id : '',
    messages: 3,
    method: 'frank',
  })
  expect(exported).toEqual(xarfReport(forwarded('spam'), { self: hub, participants: 5 }))
})

test.runIf(check !== undefined)('both types are valid against the official schemas', () => {
  for (const category of ['spam', 'spam.flooding']) {
    const exported = xarfReport(forwarded(category), { self: hub, participants: 101 })
    expect(exported.kind === 'made' && check?.(exported.document)).toEqual([])
  }
  expect(check?.({ category: 'messaging', type: 'spam' })).not.toEqual([])
})

test('bulk begins at 100 recipients', () => {
  expect(bulk(101)).toMatchObject({ document: { type: 'bulk_messaging', recipient_count: 100 } })
  expect(bulk(100)).toEqual({ kind: 'refused', reason: 'too-few-recipients' })
  expect(bulk(undefined)).toEqual({ kind: 'refused', reason: 'too-few-recipients' })
})

test.each([
  ['spam.fraud', 'needs-url'],
  ['child.csam', 'needs-url'],
  ['tos.hacking', 'needs-url'],
  ['harassment', 'no-type'],
  ['violence.threats', 'no-type'],
  ['child.grooming', 'no-type'],
  ['spam.impersonation', 'no-type'],
])('%s is refused: %s', (category, reason) => {
  const exported = xarfReport(forwarded(category), { self: hub, participants: 500 })
  expect(exported).toEqual({ kind: 'refused', reason })
})

test('only what policies let go to the sender’s provider leaves', () => {
  expect(reasonOf(decided())).toBe('made')
  expect(reasonOf(decided(), router(false))).toBe('not-routed')
  expect(reasonOf(decided(), router(true, 'none'))).toBe('not-routed')
  expect(reasonOf(decided({}, { acts: false }))).toBe('not-decided')
  expect(reasonOf(decided({}, { isComplaint: true }))).toBe('complaint')
  expect(reasonOf(decided({}, { provider: undefined }))).toBe('subject-unnamed')
  const nobody = { abuseDesk: undefined, router: router(true) }
  expect(forwardedCase(decided(), nobody)).toMatchObject({ reason: 'abuse-desk-missing' })
})
