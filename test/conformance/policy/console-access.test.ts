import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { moderationEngine } from '../../../src/policy/moderation/moderation-engine.ts'
import type {
  CaseFacts,
  ModerationAction,
  ModeratorFacts,
} from '../../../src/policy/moderation/vocabulary.ts'
import { moderationPolicies } from '../../support/moderation-policies.ts'
import { vectorPath } from '../../support/vectors.ts'

const path = vectorPath('reports/internal/cedar/run-console-tests.mjs')
const engine = moderationEngine(moderationPolicies())

/** What the vectors call an action, in our words. */
const actions: Readonly<Record<string, ModerationAction>> = {
  viewEvidence: 'viewEvidence',
  viewMeta: 'view',
  decide: 'decide',
  reviewAppeal: 'decideAppeal',
  deleteEvidence: 'deleteEvidence',
  viewReporter: 'viewReporters',
}

const person = z.string().optional()
const expectationSchema = z.tuple([
  z.string(),
  z.tuple([
    z.string(),
    z.string(),
    z.strictObject({
      cs: z.boolean().default(false),
      media: z.boolean().default(false),
      legalHold: z.boolean().default(false),
      irreversible: z.boolean().default(false),
      claimedBy: person,
      decidedBy: person,
      approvedBy: person,
      subjectModerator: person,
    }),
    z.strictObject({ exposureLeft: z.number().default(10) }),
    z.array(z.enum(['appeals', 'legal', 'privacy', 'lead', 'child_safety'])),
    z.strictObject({ mfa: z.boolean().default(true), purpose: z.string().default('') }),
  ]),
  z.enum(['allow', 'deny']),
])

/** Stands in the script for what asks Cedar there. */
function ask(who: string, action: string, ...rest: readonly unknown[]): readonly unknown[] {
  const [resource = {}, moderator = {}, roles = [], context = {}] = rest
  return [who, action, resource, moderator, roles, context]
}

/** The table of the vectors' own script: its rows, with what it would have asked. */
function expectations(file: string): readonly z.infer<typeof expectationSchema>[] {
  const script = readFileSync(file, 'utf8')
  const [, table = '[]'] = /const cases = (\[[^]*?\]);\s*let bad/.exec(script) ?? []
  const rows: unknown = runInNewContext(table, { ask, e: (_: string, id: string) => id })
  return z.array(expectationSchema).parse(rows)
}

test.runIf(path !== undefined)('all 14 decisions about the console are as the vectors say', () => {
  const rows = expectations(path ?? '')
  expect(rows).toHaveLength(14)
  for (const [name, [who, action, resource, { exposureLeft }, roles, context], wanted] of rows) {
    const asked = actions[action]
    if (asked === undefined) throw new Error(`no such action: ${action}`)
    const principal: ModeratorFacts = {
      name: who,
      roles: roles.map((role) => (role === 'child_safety' ? 'child-safety' : role)),
      queues: ['q'],
      exposuresLeft: exposureLeft,
      onBreak: false,
    }
    const facts: CaseFacts = {
      id: 'k',
      queue: 'q',
      childSafety: resource.cs,
      media: resource.media,
      legalHold: resource.legalHold,
      irreversible: resource.irreversible,
      holder: resource.claimedBy,
      decider: resource.decidedBy,
      approver: resource.approvedBy,
      accused: resource.subjectModerator,
    }
    const request = { principal, action: asked, resource: facts, context }
    expect([name, engine.decide(request).decision]).toEqual([name, wanted])
  }
})
