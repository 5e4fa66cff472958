import { GatewayError } from '../model/errors.ts'
import { inspectPolicies, refused, type LoadedPolicies, type PolicyInspection } from './load.ts'
import type { PolicyWork } from './load-apart.ts'
import { moderationAgreesWithCedar } from './moderation/moderation-oracle.ts'
import { holds, proofText, prove } from './prove.ts'
import { routingAgreesWithCedar } from './routing/routing-oracle.ts'
import { agreesWithCedar } from './self-test.ts'

/**
 * Runs in a process of its own, once: a text can kill the wasm instance that parses it, or keep it
 * busy, and an instance that is torn down can kill its process, so none of it happens where requests
 * are served.
 */
function inspect({ bytes, invariants, nowMs, subject = 'gateway' }: PolicyWork): PolicyInspection {
  const text = decode(bytes)
  if (text === undefined) return refused('not-text')
  const inspection = inspectPolicies(text, nowMs, subject)
  if (inspection.kind === 'invalid') return inspection
  try {
    const { loaded } = inspection
    if (!AGREE[subject](loaded)) return refused('self-test')
    if (subject !== 'gateway') return inspection
    const broken = prove(loaded, invariants).find((proof) => !holds(proof))
    return broken === undefined ? inspection : refused('invariant', proofText(broken))
  } catch (error) {
    if (error instanceof GatewayError) return refused('self-test')
    throw error
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const AGREE = {
  gateway: (loaded: LoadedPolicies) => agreesWithCedar(loaded),
  moderation: moderationAgreesWithCedar,
  routing: routingAgreesWithCedar,
} as const

process.once('message', (input: PolicyWork) => {
  process.send?.(inspect(input), () => process.disconnect())
})
