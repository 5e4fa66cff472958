import { describe, expect, test } from 'vitest'
import { dsaStatement } from '../../../src/exports/dsa.ts'
import type { DsaSettings } from '../../../src/exports/settings.ts'
import { decided, limited } from '../../support/decided-cases.ts'
import { vectorSchema } from '../../support/json-schema.ts'

const settings: DsaSettings = {
  rooms: 'all',
  territories: ['AT', 'DE'],
  language: 'DE',
  termsUrl: 'https://hub.example/terms',
}
const check = vectorSchema('reports/dsa/statement-of-reasons.schema.json')

function puid(id: string): string {
  const exported = dsaStatement(decided({ id }), settings)
  return exported.kind === 'made' ? exported.document.puid : exported.reason
}

function fieldsOf(...restrictions: ReturnType<typeof limited>[]) {
  const exported = dsaStatement(decided({ scope: { territories: [], restrictions } }), settings)
  if (exported.kind === 'refused') return {}
  const { decision_visibility: visibility, decision_provision: provision } = exported.document
  const { end_date_visibility_restriction: seen, end_date_service_restriction: served } =
    exported.document
  return { visibility, provision, seen, served }
}

function reasonOf(given: ReturnType<typeof decided>, used: DsaSettings = settings): string {
  const exported = dsaStatement(given, used)
  return exported.kind === 'refused' ? exported.reason : 'made'
}

test('a limit is a partial suspension with an end, on the ground of the terms', () => {
  const exported = dsaStatement(decided(), settings)
  expect(exported).toEqual({
    kind: 'made',
    document: {
      decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION',
      end_date_service_restriction: '2026-11-27',
      decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
      decision_ground_reference_url: 'https://hub.example/terms',
      incompatible_content_ground: 'Section 4',
      incompatible_content_explanation:
        'What was reported falls under the category "harassment" of our own.',
      content_type: ['CONTENT_TYPE_OTHER'],
      content_type_other: 'Message in an end-to-end encrypted room; its kind is not recorded.',
      category: 'STATEMENT_CATEGORY_CYBER_VIOLENCE',
      category_specification: ['KEYWORD_CYBER_HARASSMENT'],
      territorial_scope: ['AT', 'DE'],
      content_language: 'DE',
      content_date: '2026-11-19',
      application_date: '2026-11-20',
      decision_facts:
        'Recipients reported messages of an end-to-end encrypted room. That they were sent as reported was verified cryptographically. No message was scanned. A person decided.',
      source_type: 'SOURCE_ARTICLE_16',
      automated_detection: 'No',
      automated_decision: 'AUTOMATED_DECISION_NOT_AUTOMATED',
      puid: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    },
  })
})

test.runIf(check !== undefined)('it is valid against the schema of the database', () => {
  const exported = dsaStatement(decided(), settings)
  expect(exported.kind === 'made' && check?.(exported.document)).toEqual([])
  expect(check?.({})).not.toEqual([])
})

test('the same decision has the same puid, and another decision another one', () => {
  expect(puid('dec-1')).toBe(puid('dec-1'))
  expect(puid('dec-1')).not.toBe(puid('dec-2'))
  expect(puid('dec-1')).not.toContain('dec-1')
})

test('what a moderator wrote for the public stands in it, and nothing else that they wrote', () => {
  const ground = {
    kind: 'law' as const,
    reference: 'Article 5 of Regulation (EU) 2022/2065',
    explanation: 'canary-explanation',
    publicExplanation: 'Targeted insults after a request to stop.',
  }
  const exported = dsaStatement(decided({ ground }), settings)
  expect(exported).toMatchObject({
    document: {
      decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT',
      illegal_content_legal_ground: 'Article 5 of Regulation (EU) 2022/2065',
      illegal_content_explanation: 'Targeted insults after a request to stop.',
    },
  })
  expect(JSON.stringify(exported)).not.toContain('canary')
})

describe('restrictions', () => {
  const forever = { untilMs: undefined, reversibility: 'full' }
  const message = `message:${'ab'.repeat(32)}`

  test('a ban is the hardest and has no end, whatever ends beside it', () => {
    const ban = { ...forever, kind: 'ban', target: 'mimi://b.example/u/x' }
    expect(fieldsOf(limited(7), ban)).toEqual({
      provision: 'DECISION_PROVISION_PARTIAL_TERMINATION',
    })
  })

  test('a strike denies a pseudonym until its day is over', () => {
    const strike = { ...forever, kind: 'strike', target: 'b.example' }
    expect(fieldsOf(strike)).toEqual({
      provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION',
      served: '2026-11-21',
    })
  })

  test('a retraction is never called a removal', () => {
    const retract = { ...forever, kind: 'retract', target: message }
    expect(fieldsOf(retract)).toEqual({ visibility: ['DECISION_VISIBILITY_OTHER'] })
  })

  test('labels end, unless a retraction beside them does not', () => {
    const label = { ...limited(30), kind: 'label', target: message }
    const retract = { ...forever, kind: 'retract', target: message }
    expect(fieldsOf(label)).toEqual({
      visibility: ['DECISION_VISIBILITY_CONTENT_LABELLED'],
      seen: '2026-12-20',
    })
    expect(fieldsOf(label, retract).seen).toBeUndefined()
  })
})

describe('refusals', () => {
  const ground = { kind: 'terms' as const, reference: 'Section 4', explanation: 'x' }

  test('rooms that are not public, and decisions that do nothing', () => {
    expect(dsaStatement(decided(), undefined)).toMatchObject({ reason: 'dsa-not-applicable' })
    expect(reasonOf(decided(), { ...settings, rooms: ['mimi://hub.example/r/x'] })).toBe(
      'dsa-not-applicable',
    )
    expect(reasonOf(decided(), { ...settings, rooms: ['mimi://hub.example/r/square'] })).toBe(
      'made',
    )
    expect(reasonOf(decided({}, { acts: false }))).toBe('not-decided')
  })

  test('complaints about moderators', () => {
    expect(reasonOf(decided({}, { isComplaint: true }))).toBe('complaint')
    expect(reasonOf(decided({ category: 'system.moderator' }))).toBe('complaint')
  })

  test('territories that the database does not know', () => {
    const scope = { restrictions: [limited(1)] }
    expect(reasonOf(decided({ scope: { ...scope, territories: ['US'] } }))).toBe('outside-eea')
    const some = dsaStatement(decided({ scope: { ...scope, territories: ['US', 'FR'] } }), settings)
    expect(some).toMatchObject({ document: { territorial_scope: ['FR'] } })
  })

  test.each([
    'Section 4, said by mimi://b.example/u/p',
    'see https://hub.example/r/1',
    'asked ann@b.example',
    'called from +43 660 1234567',
    'was told to 0f8FAD5b',
    'in the Square',
  ])('words that name somebody: %s', (words) => {
    expect(reasonOf(decided({ ground: { ...ground, reference: words } }))).toBe('names-somebody')
    expect(reasonOf(decided({ ground: { ...ground, publicExplanation: words } }))).toBe(
      'names-somebody',
    )
  })
})
