import type { DecidedCase } from '../../src/exports/decided-case.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import type { Restriction, StatementOfReasons } from '../../src/reports/decisions/statement.ts'

export const decidedAtMs = Date.UTC(2026, 10, 20, 15, 4, 5)
export const reportedSubject = 'mimi://b.example/u/0f8fad5b'

/** A decision about harassment of a pseudonym of b.example: it was limited for a week. */
export function decided(
  statement: Partial<StatementOfReasons> = {},
  change: Partial<DecidedCase> = {},
): DecidedCase {
  return {
    case: 'case-1',
    room: 'mimi://hub.example/r/square',
    subject: reportedSubject,
    provider: parseProviderDomain('b.example'),
    acts: true,
    isComplaint: false,
    verified: true,
    messages: 3,
    firstAtMs: decidedAtMs - 86_400_000,
    statement: {
      id: 'dec-01JD0000000000000000000000',
      decidedAtMs,
      room: 'mimi://hub.example/r/square',
      subject: reportedSubject,
      outcome: 'action',
      category: 'harassment',
      facts: 'canary-facts',
      ground: { kind: 'terms', reference: 'Section 4', explanation: 'canary-explanation' },
      source: 'report',
      automation: { detection: false, decision: 'none' },
      scope: { territories: [], restrictions: [limited(7)] },
      redress: undefined,
      ...statement,
    },
    ...change,
  }
}

export function limited(days: number): Restriction {
  return {
    kind: 'limit',
    target: reportedSubject,
    untilMs: decidedAtMs + days * 86_400_000,
    reversibility: 'full',
  }
}
