import type { Operation } from '../model/exchange.ts'

/** What an exchange takes from the budgets that count units. */
export interface Costs {
  readonly operations: Readonly<Record<Operation, number>>
  /** One unit more for each whole number of octets like this that the body has. */
  readonly octetsPerUnit: number
}

/**
 * By what an operation makes us do: a commit is verified and staged, a GroupInfo is sealed and signed,
 * KeyPackages are used up, a report is checked frank by frank, an asset passes through us.
 */
export const costDefaults: Costs = Object.freeze({
  operations: Object.freeze({
    keyMaterial: 2,
    update: 2,
    submitMessage: 1,
    notify: 1,
    groupInfo: 5,
    requestConsent: 1,
    updateConsent: 1,
    identifierQuery: 2,
    reportAbuse: 5,
    proxyDownload: 5,
  }),
  octetsPerUnit: 65_536,
})

/** In whole units, at least 1. */
export function unitsOf(costs: Costs, operation: Operation, octets: number): number {
  return costs.operations[operation] + Math.floor(octets / costs.octetsPerUnit)
}
