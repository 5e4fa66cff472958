import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseForRoom, negotiate, type Agreement } from '../../../src/metadata/negotiate.ts'
import type { RequirementsDocument } from '../../../src/metadata/requirements/document.ts'
import { requirementsArbitrary } from '../../support/arbitraries/requirements.ts'
import { builtIn } from '../../support/requirements.ts'

/**
 * A second implementation, written from docs/negotiation.md alone by somebody who has not read ours:
 * `test/support/second-negotiation.ts`.
 */
interface SecondImplementation {
  readonly negotiate: (
    hub: object,
    follower: object,
  ) =>
    | { readonly kind: 'agreed'; readonly agreement: Agreement }
    | { readonly kind: 'no-common-suite' }
  readonly chooseForRoom: (
    hub: object,
    participants: readonly object[],
  ) => { readonly kind: 'chosen'; readonly suite: number } | { readonly kind: 'no-common-suite' }
}

const place = 'test/support/second-negotiation.ts'

/** Undefined, with one visible line, where it is not there. */
async function secondImplementation(): Promise<SecondImplementation | undefined> {
  if (!existsSync(place)) {
    console.warn(`skipped: there is no ${place}`)
    return undefined
  }
  const path = new URL(`../../../${place}`, import.meta.url).href
  return (await import(path)) as SecondImplementation
}

const sets = fc.tuple(
  ...['a.example', 'b.example', 'c.example', 'd.example'].map((name) =>
    requirementsArbitrary(name),
  ),
)

test('both implementations agree on ids, suites and choices for 10,000 sets of documents', async () => {
  const second = await secondImplementation()
  let agreed = 0
  const compare = (documents: readonly RequirementsDocument[]): void => {
    const [hub, ...others] = documents
    if (hub === undefined || second === undefined) return
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
  fc.assert(fc.property(sets, compare), { numRuns: second === undefined ? 1 : 10_000 })
  expect(second === undefined || agreed > 1_000).toBe(true)
}, 120_000)
