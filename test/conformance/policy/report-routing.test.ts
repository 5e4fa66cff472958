import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { routingEngine } from '../../../src/policy/routing/routing-engine.ts'
import type {
  DisclosureKind,
  RoutedReport,
  RoutingParty,
} from '../../../src/policy/routing/vocabulary.ts'
import { routingPolicies } from '../../support/routing-policies.ts'
import { vectorPath } from '../../support/vectors.ts'

const script = vectorPath('reports/internal/cedar/run-routing-tests.mjs')
const decisions = vectorPath('reports/internal/cedar/routing-decisions.json')
const engine = routingEngine(routingPolicies())

/** What the vectors call an action, in our words. */
const disclosures: Readonly<Record<string, DisclosureKind>> = {
  receiveNotice: 'notice',
  receiveEvidence: 'evidence',
  receiveReceipt: 'receipt',
  receiveReporterId: 'reporter',
  receiveAggregate: 'counts',
}
/** What they call a receiver. */
const receivers: Readonly<Record<string, RoutingParty>> = {
  H: { kind: 'provider', domain: 'hub' },
  S: { kind: 'provider', domain: 's' },
  Rr: { kind: 'provider', domain: 'r' },
  M: { kind: 'room-moderators', team: 'mods' },
  N: { kind: 'authority', name: 'ncmec', authority: 'ncmec' },
}

const standing = z.strictObject({
  trust: z.int().default(1),
  hostile: z.boolean().default(false),
  singleUser: z.boolean().default(false),
})
const rowSchema = z.tuple([
  z.string(),
  z.tuple([
    z.string(),
    z.string(),
    z.strictObject({
      kind: z.enum(['message', 'system']).default('message'),
      category: z.string().default('harassment.targeted'),
      restricted: z.boolean().default(false),
      verification: z.enum(['frank', 'none']).default('frank'),
      anonymitySet: z.int().default(40),
      consentForward: z.boolean().default(true),
      consentEvidence: z.boolean().default(false),
      discloseReporter: z.boolean().default(false),
      humanConfirmed: z.boolean().default(false),
      decided: z.boolean().default(false),
      complaintAbout: z.string().optional(),
      team: z.string().optional(),
      accusedTeam: z.string().optional(),
    }),
    z.strictObject({ s: standing.prefault({}) }),
  ]),
  z.enum(['allow', 'deny']),
])

/** Stands in the script for what asks Cedar there. */
function ask(who: string, action: string, ...rest: readonly unknown[]): readonly unknown[] {
  const [report = {}, providers = {}] = rest
  return [who, action, report, providers]
}

/** Stands in the script for a reference to an entity. */
function ref(_: string, id: string): string {
  return id
}

/** The table of the vectors' own script: its rows, with what it would have asked. */
function rowsOf(file: string): readonly z.infer<typeof rowSchema>[] {
  const [, table = '[]'] =
    /const cases = (\[[^]*?\]);\s*let bad/.exec(readFileSync(file, 'utf8')) ?? []
  const names = Object.fromEntries(Object.keys(receivers).map((name) => [name, name]))
  return z.array(rowSchema).parse(runInNewContext(table, { ask, ref, ...names }))
}

test.runIf(script !== undefined)('all 22 decisions about routing are as the vectors say', () => {
  const rows = rowsOf(script ?? '')
  const { cases } = z
    .object({ cases: z.array(z.object({ name: z.string(), expected: z.string() })) })
    .parse(JSON.parse(readFileSync(decisions ?? '', 'utf8')))
  expect(rows.map(([name, , expected]) => ({ name, expected }))).toEqual(
    cases.map(({ name, expected }) => ({ name, expected })),
  )
  expect(rows).toHaveLength(22)
  for (const [name, [who, action, asked, { s }], wanted] of rows) {
    const [principal, disclosure] = [receivers[who], disclosures[action]]
    if (principal === undefined || disclosure === undefined) throw new Error(`not known: ${name}`)
    const { complaintAbout, ...facts } = asked
    const report: RoutedReport = {
      ...facts,
      id: 'x',
      accusedProvider: complaintAbout,
      hub: 'hub',
      senderProvider: 's',
      reporterProvider: 'r',
    }
    const providers = [
      { domain: 'hub', trust: 3, hostile: false, singleUser: false },
      { domain: 's', ...s },
      { domain: 'r', trust: 1, hostile: false, singleUser: false },
    ]
    const request = { principal, disclosure, report, providers, legalOrder: false }
    expect([name, engine.decide(request).decision]).toEqual([name, wanted])
  }
})
