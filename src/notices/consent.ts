import { consentBits } from '../wire/mimi/report-extension.ts'

/** To what a reporter agreed beyond the hub. docs/reports.md */
export interface Consent {
  readonly forward: boolean
  readonly evidence: boolean
  readonly disclose: boolean
}

export function consentOf(flags: number): Consent {
  const has = (bit: number) => (flags & bit) !== 0
  return {
    forward: has(consentBits.forward),
    evidence: has(consentBits.evidence),
    disclose: has(consentBits.disclose),
  }
}
