import { GatewayError } from '../../model/errors.ts'
import { numberColumn } from '../../sqlite/row.ts'
import type { Access } from './access.ts'
import { append, caseOf, type KnownCase } from './case-log.ts'
import type { CaseParts } from './case-parts.ts'
import { holderAt } from './case-state.ts'
import type { Actor } from './team.ts'

/** Who works on a case: one person, for a time. */
export interface Leases {
  /**
   * Takes the case for the length of a lease, or renews one's own. A lease of another that has run out
   * does not hinder. Throws `case-claimed`, `case-state`, `rate-limited` for who holds too many, and
   * what policies say.
   */
  claim(actor: Actor, id: string): Promise<KnownCase>
  /** Gives it back. Throws `claim-required`, `lease-expired`, `case-claimed`, `case-state`. */
  release(actor: Actor, id: string, note: string): Promise<KnownCase>
  /** Gives it to another, who must be allowed to claim it. Throws as `release`, `moderator-unknown`. */
  handOver(
    actor: Actor,
    id: string,
    to: { readonly name: string; readonly note: string },
  ): Promise<KnownCase>
}

export function createLeases(parts: CaseParts, access: Access): Leases {
  const { store, clock, settings } = parts
  return {
    claim: async (actor, id) => {
      access.demand(actor, 'claim', caseOf(store, id))
      return append(store, id, (known) => {
        const atMs = clock()
        const untilMs = atMs + settings().leaseMs
        const isOwn = holderAt(known.state, atMs) === actor.name
        if (!isOwn) boundClaims(parts, actor, atMs)
        return {
          event: { kind: isOwn ? 'renewed' : 'claimed', untilMs, atMs, by: actor.name },
        }
      })
    },
    release: async (actor, id, note) => {
      access.demand(actor, 'claim', caseOf(store, id))
      return append(store, id, () => ({
        event: { kind: 'released', note, atMs: clock(), by: actor.name },
      }))
    },
    handOver: async (actor, id, { name, note }) => {
      const known = caseOf(store, id)
      access.demand(actor, 'claim', known)
      if (!access.allows({ name, mfa: false }, 'claim', known))
        throw new GatewayError('moderation-denied', { facts: { reason: 'successor' } })
      return append(store, id, () => {
        const atMs = clock()
        const untilMs = atMs + settings().leaseMs
        return { event: { kind: 'handed-over', to: name, untilMs, note, atMs, by: actor.name } }
      })
    },
  }
}

/** Nobody may lock a queue by claiming all of it. */
function boundClaims({ store }: CaseParts, { name }: Actor, nowMs: number): void {
  const row = store.get(HELD, [name, nowMs])
  if (row !== undefined && numberColumn(row, 'cases') >= CLAIMS_MAX)
    throw new GatewayError('rate-limited', { facts: { reason: 'claims', max: CLAIMS_MAX } })
}

const CLAIMS_MAX = 25
const HELD = `SELECT count(*) AS cases FROM cases WHERE holder = ? AND lease_until_ms > ?`
