import * as fc from 'fast-check'
import { fieldList } from '../../../src/metadata/fields.ts'
import type { RequirementsDocument } from '../../../src/metadata/requirements/document.ts'
import type { PrivateSuite } from '../../../src/metadata/requirements/private-suite.ts'
import { audiences, compareForms, purposes } from '../../../src/model/metadata.ts'
import { requirements } from '../requirements.ts'

const greaseCodes = [0x0a0a, 0x1a2a, 0x7afa, 0xfa1a]
const unassignedCodes = [5, 0x0100, 0xefff, 0xffff]
const privateCodesInUse = [0xf001, 0xf002, 0xf003]

const entry = fc
  .constantFrom(...fieldList)
  .chain(({ name: field, forms }) =>
    fc.record({
      field: fc.constant(field),
      audience: fc.constantFrom(...audiences),
      bounds: fc.tuple(fc.constantFrom(...forms), fc.constantFrom(...forms)),
      purposes: fc.subarray([...purposes], { minLength: 1 }),
      retentionDays: fc.nat(400),
    }),
  )
  .map(({ bounds, ...rest }) => {
    const [floor, ceiling] = bounds.toSorted(compareForms) as typeof bounds
    return { ...rest, floor, ceiling }
  })

/** One of a few tables per code, so that two providers often mean the same and often do not. */
const tablePool: readonly (readonly PrivateSuite[])[] = privateCodesInUse.map((code, at) =>
  fc
    .sample(
      fc.record({
        code: fc.constant(code),
        name: fc.constant(`private-${at}`),
        summary: fc.constant('One of a few.'),
        shows: fc.constantFrom('least', 'permitted'),
        requiresFrank: fc.boolean(),
        pseudonymousCredentials: fc.constantFrom('required', 'optional', 'forbidden'),
        timeBucketMs: fc.integer({ min: 1, max: 60_000 }),
        entries: fc.uniqueArray(entry, {
          maxLength: 6,
          selector: ({ field, audience }) => `${field} ${audience}`,
        }),
      }),
      { numRuns: 2, seed: 7 + at },
    )
    // The same table with other words for people is the same suite.
    .flatMap((table) => [table, { ...table, summary: 'Said in other words: é €.' }]),
)

const codes = fc.uniqueArray(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(1, 2, 3, 4) },
    { weight: 3, arbitrary: fc.constantFrom(...privateCodesInUse) },
    { weight: 2, arbitrary: fc.constantFrom(...greaseCodes) },
    { weight: 1, arbitrary: fc.constantFrom(...unassignedCodes) },
  ),
  { maxLength: 8 },
)

/** The document of a provider, valid, with few enough codes that pairs often agree. */
export function requirementsArbitrary(provider: string): fc.Arbitrary<RequirementsDocument> {
  return fc
    .record({
      asHub: codes,
      asFollower: codes,
      variants: fc.tuple(...privateCodesInUse.map(() => fc.nat(3))),
      seq: fc.integer({ min: 1, max: 2 ** 40 }),
      days: fc.integer({ min: 1, max: 400 }),
      contact: fc.constantFrom(null, `mailto:ops@${provider}`),
    })
    .map(({ asHub, asFollower, variants, seq, days, contact }) => {
      const named = new Set([...asHub, ...asFollower])
      const base = requirements({ provider })
      return {
        ...base,
        seq,
        asHub,
        asFollower,
        contact,
        expiresAt: base.issuedAt + days * 86_400,
        suites: tablePool.flatMap((pool, at) => {
          const table = pool[variants[at] ?? 0]
          return table !== undefined && named.has(table.code) ? [table] : []
        }),
      }
    })
}
