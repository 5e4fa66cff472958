import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  advance,
  APPEAL_WINDOW_MS,
  holderAt,
  outcomes,
  phaseAt,
  type CaseEvent,
  type CaseHappening,
  type CasePhase,
  type CaseState,
} from '../../../src/reports/cases/case-state.ts'

/** Which phase may follow which, by what happens; written down apart from the code. */
const edges: Readonly<Record<CaseHappening['kind'], readonly `${CasePhase}>${CasePhase}`[]>> = {
  opened: [],
  claimed: ['open>claimed'],
  renewed: ['claimed>claimed'],
  released: ['claimed>open'],
  'handed-over': ['claimed>claimed'],
  'evidence-opened': ['claimed>claimed'],
  'reporters-viewed': every(),
  exported: every(),
  disclosed: every(),
  proposed: ['claimed>proposed'],
  approved: ['proposed>decided'],
  rejected: ['proposed>open'],
  decided: ['claimed>decided'],
  undone: ['decided>open'],
  appealed: ['decided>appealed'],
  'appeal-decided': ['appealed>closed'],
  closed: ['decided>closed'],
  reopened: ['decided>open', 'closed>open'],
  'hold-set': every(),
  'hold-lifted': every(),
}

function every(): readonly `${CasePhase}>${CasePhase}`[] {
  const phases = ['open', 'claimed', 'proposed', 'decided', 'appealed', 'closed'] as const
  return phases.map((phase) => `${phase}>${phase}` as const)
}

const person = fc.constantFrom('ann', 'bob')
const note = fc.constant('')
const outcome = fc.constantFrom(...outcomes, 'action' as const, 'not-verified' as const)
const lease = fc.integer({ min: 1, max: 1_000 })

/** Anything that may happen, with leases that run for up to 1,000 ms. */
const happening = (atMs: number): fc.Arbitrary<CaseHappening> =>
  fc.oneof(
    // What leads on comes more often, so that histories get to their end.
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('claimed' as const),
        untilMs: lease.map((ms) => atMs + ms),
      }),
    },
    fc.record({ kind: fc.constant('renewed' as const), untilMs: lease.map((ms) => atMs + ms) }),
    fc.record({ kind: fc.constant('released' as const), note }),
    fc.record({
      kind: fc.constant('handed-over' as const),
      to: person,
      untilMs: lease.map((ms) => atMs + ms),
      note,
    }),
    fc.constant({ kind: 'evidence-opened' as const, report: 'rep-1' }),
    fc.constant({ kind: 'reporters-viewed' as const, purpose: 'p' }),
    fc.constant({
      kind: 'exported' as const,
      format: 'dsa' as const,
      decision: 'dec-1',
      reference: 'r',
    }),
    fc.constant({
      kind: 'disclosed' as const,
      report: 'rep-1',
      authority: 'police',
      basis: 'an order',
      policies: ['r6-legal-order'],
    }),
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('proposed' as const),
        decision: fc.uuid(),
        outcome,
      }),
    },
    { weight: 3, arbitrary: fc.constant({ kind: 'approved' as const }) },
    fc.record({ kind: fc.constant('rejected' as const), note }),
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('decided' as const), decision: fc.uuid(), outcome }),
    },
    fc.record({ kind: fc.constant('undone' as const), note }),
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('appealed' as const), appeal: fc.uuid() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('appeal-decided' as const), upheld: fc.boolean() }),
    },
    fc.constant({ kind: 'closed' as const }),
    fc.constant({ kind: 'reopened' as const, report: 'rep-2' }),
    fc.record({ kind: fc.constant('hold-set' as const), note }),
    fc.record({ kind: fc.constant('hold-lifted' as const), note }),
    fc.constant({ kind: 'opened' as const }),
  )

const waits = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 700 }) },
  { weight: 1, arbitrary: fc.constant(APPEAL_WINDOW_MS) },
)

/** A history: times that rise, people, and what they try. */
const history = fc
  .array(fc.tuple(waits, person), { minLength: 40, maxLength: 80 })
  .chain((steps) => {
    let atMs = 1_000
    const events = steps.map(([wait, by]) => {
      atMs += wait
      return fc.tuple(fc.constant(atMs), fc.constant(by), happening(atMs))
    })
    return fc.tuple(...events)
  })

function opened(): CaseState {
  const first = advance(undefined, { kind: 'opened', atMs: 1_000, by: 'gateway' })
  if (first.kind === 'refused') throw new Error('not opened')
  return first.state
}

/** Every event of a history that happens, with the states around it. */
function* happenings(steps: readonly (readonly [number, string, CaseHappening])[]) {
  let state = opened()
  for (const [atMs, by, what] of steps) {
    const event: CaseEvent = { ...what, atMs, by }
    const next = advance(state, event)
    yield { before: state, event, next }
    if (next.kind === 'advanced') state = next.state
  }
}

test('no transition happens that the table does not have', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(history, (steps) => {
      for (const { before, event, next } of happenings(steps)) {
        if (next.kind === 'refused') continue
        const edge = `${phaseAt(before, event.atMs)}>${next.state.phase}` as const
        // A lease that has run out reads as open, while the phase that is kept says claimed.
        const kept = `${phaseAt(before, event.atMs)}>${phaseAt(next.state, event.atMs)}` as const
        expect([edge, kept].some((each) => edges[event.kind].includes(each))).toBe(true)
        expect(next.state.version).toBe(before.version + 1)
        seen.add(`${event.kind} ${kept}`)
      }
    }),
    { numRuns: 500 },
  )
  // The histories reach all of it.
  for (const kind of Object.keys(edges).filter((each) => each !== 'opened'))
    expect([kind, [...seen].some((each) => each.startsWith(`${kind} `))]).toEqual([kind, true])
})

/** What a history breaks of a rule; a rule says of an event whether it may happen. */
function breaches(
  steps: Parameters<typeof happenings>[0],
  rule: (event: CaseEvent, before: CaseState) => boolean,
): readonly CaseEvent[] {
  return [...happenings(steps)]
    .filter(({ before, event, next }) => next.kind === 'advanced' && !rule(event, before))
    .map(({ event }) => event)
}

test('only who holds a running lease opens evidence, hands over, proposes or decides', () => {
  const holding = new Set([
    'renewed',
    'released',
    'handed-over',
    'evidence-opened',
    'proposed',
    'decided',
  ])
  const rule = (event: CaseEvent, before: CaseState) => {
    const holder = holderAt(before, event.atMs)
    if (event.kind === 'claimed') return holder === undefined
    return !holding.has(event.kind) || holder === event.by
  }
  fc.assert(
    fc.property(history, (steps) => {
      expect(breaches(steps, rule)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

function concernsOthers({ kind, by, atMs }: CaseEvent, { decision }: CaseState): boolean {
  if (kind === 'approved') return decision !== undefined && decision.by !== by
  if (kind === 'appeal-decided') return decision?.by !== by && decision?.approver !== by
  if (kind !== 'appealed') return true
  return decision?.outcome === 'action' && atMs < decision.atMs + APPEAL_WINDOW_MS
}

test('nobody approves their own proposal or decides an appeal against themselves', () => {
  fc.assert(
    fc.property(history, (steps) => {
      expect(breaches(steps, concernsOthers)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('a history gives the same state again, and what is refused leaves no trace', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const taken: CaseEvent[] = []
      let state = opened()
      for (const { event, next } of happenings(steps)) {
        if (next.kind === 'refused') continue
        taken.push(event)
        state = next.state
      }
      let again = opened()
      for (const event of taken) {
        const next = advance(again, event)
        if (next.kind === 'advanced') again = next.state
      }
      expect(again).toEqual(state)
    }),
  )
})
