import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseForRoom, negotiate } from '../../../src/metadata/negotiate.ts'
import type { RequirementsDocument } from '../../../src/metadata/requirements/document.ts'
import { requirementsArbitrary } from '../../support/arbitraries/requirements.ts'
import { builtIn } from '../../support/requirements.ts'
import * as second from '../../support/second-negotiation.ts'

// The second implementation was written from docs/negotiation.md alone, by somebody who has not read ours.

const sets = fc.tuple(
  ...['a.example', 'b.example', 'c.example', 'd.example'].map((name) =>
    requirementsArbitrary(name),
  ),
)

test('both implementations agree on ids, suites and choices for 10,000 sets of documents', () => {
  let agreed = 0
  const compare = (documents: readonly RequirementsDocument[]): void => {
    const [hub, ...others] = documents
    if (hub === undefined) return
    for (const other of others) {
      const ours = negotiate(hub, other, builtIn)
      const theirs = second.negotiate(structuredClone(hub), structuredClone(other))
      expect(theirs.kind).toBe(ours.kind)
      if (theirs.kind !== 'agreed' || ours.kind !== 'agreed') continue
      agreed += 1
      expect(theirs.agreement).toEqual(ours.agreement)
    }
    const ours = chooseForRoom(hub, others)
    const theirs = second.chooseForRoom(hub, others)
    expect(theirs.kind === 'chosen' ? theirs.suite : 0).toBe(
      ours.kind === 'chosen' ? ours.suite : 0,
    )
  }
  fc.assert(fc.property(sets, compare), { numRuns: 10_000 })
  expect(agreed).toBeGreaterThan(1_000)
}, 120_000)
