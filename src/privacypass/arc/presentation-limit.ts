import { GatewayError } from '../../model/errors.ts'

declare const checked: unique symbol

/** How many presentations one credential gives for one context: from 2 to 1,024. */
export type PresentationLimit = number & { readonly [checked]: true }

/**
 * Throws `configuration-invalid` for anything but an integer from 2 to 1,024. A limit of 1 has no range
 * proof: its only base would be 0. draft-ietf-privacypass-arc-crypto-01 §5.4
 */
export function parsePresentationLimit(limit: number): PresentationLimit {
  if (isLimit(limit)) return limit
  throw new GatewayError('configuration-invalid', {
    facts: { setting: 'arc limit', min: LIMIT_MIN, max: LIMIT_MAX },
  })
}

/** `k`, the number of commitments in a presentation: 1 to 10. draft-ietf-privacypass-arc-crypto-01 §4.3.2 */
export function bitCount(limit: PresentationLimit): number {
  return 32 - Math.clz32(limit - 1)
}

function isLimit(limit: number): limit is PresentationLimit {
  return Number.isInteger(limit) && limit >= LIMIT_MIN && limit <= LIMIT_MAX
}

const LIMIT_MIN = 2
const LIMIT_MAX = 1_024
