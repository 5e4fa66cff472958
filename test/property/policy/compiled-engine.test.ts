import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cedarEngine } from '../../../src/policy/cedar-engine.ts'
import { compiledEngine } from '../../../src/policy/compiled-engine.ts'
import type { LoadedPolicies } from '../../../src/policy/load.ts'
import { sampleRequests } from '../../../src/policy/sample-requests.ts'
import { policyTexts } from '../../support/arbitraries/policies.ts'

const REQUESTS_PER_SET = 40
/** `.ci/run` asks 100,000, in about a minute. */
const requests = Number(process.env['DIFFERENTIAL_REQUESTS'] ?? 2_000)

test(
  `compiled policies and Cedar give one answer to ${requests} requests`,
  () => {
    let asked = 0
    let allowed = 0
    let failed = 0
    fc.assert(
      fc.property(policyTexts, fc.integer({ min: 1 }), (texts, seed) => {
        const loaded = parsed(texts)
        const [compiled, cedar] = [compiledEngine(loaded), cedarEngine(loaded)]
        for (const request of sampleRequests(loaded, { count: REQUESTS_PER_SET, seed })) {
          const answer = compiled.decide(request)
          expect(answer).toEqual(cedar.decide(request))
          asked += 1
          if (answer.decision === 'allow') allowed += 1
          if (answer.errors.length > 0) failed += 1
        }
      }),
      { numRuns: Math.ceil(requests / REQUESTS_PER_SET) },
    )
    console.info(`${asked} requests: ${allowed} allowed, ${failed} with errors`)
    expect(asked).toBeGreaterThanOrEqual(requests)
    // Answers that are all alike would show nothing.
    expect(allowed).toBeGreaterThan(asked / 200)
    expect(failed).toBeGreaterThan(asked / 200)
  },
  30_000 + requests * 5,
)

/** Not validated: what cannot be valid must fail the same way. */
function parsed(texts: readonly string[]): LoadedPolicies {
  return {
    policies: texts.map((text, number) => {
      const answer = policyToJson(text)
      if (answer.type === 'failure') throw new Error(`does not parse: ${text}`)
      return {
        id: `p${number}`,
        title: '',
        reason: '',
        line: 1,
        expiresAtMs: undefined,
        text,
        json: answer.json,
      }
    }),
  }
}
