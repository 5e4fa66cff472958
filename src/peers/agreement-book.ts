import { compareLists, type ExposureChange } from '../metadata/exposure.ts'
import {
  negotiate,
  suitesOfDocument,
  type Agreement,
  type NearMiss,
} from '../metadata/negotiate.ts'
import type { RequirementsDocument } from '../metadata/requirements/document.ts'
import type { Suite } from '../metadata/suite.ts'
import { suiteDigest, type Suites } from '../metadata/suites.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'
import type { AgreementStore, HeldAgreement, Role } from './agreement-store.ts'
import type { RequirementDocuments } from './requirement-documents.ts'

/** What happened to an agreement, for journal and log. */
export interface AgreementEvent {
  readonly peer: ProviderDomain
  readonly role: Role
  readonly kind: 'live' | 'pending' | 'approved' | 'rejected' | 'no-common-suite'
  readonly agreement: HeldAgreement | undefined
}

export interface AgreementBookOptions {
  readonly self: ProviderDomain
  readonly store: AgreementStore
  readonly documents: RequirementDocuments
  readonly suites: Suites
  readonly clock: Clock
  readonly onEvent: (event: AgreementEvent) => void
}

/** An agreement in force, with the names of those of its suites that we can use. */
export interface LiveAgreement {
  readonly held: HeldAgreement
  readonly names: readonly string[]
}

/** Everything between us and one peer in one role. */
interface Side {
  /** The newest first. */
  live: readonly LiveAgreement[]
  pending: HeldAgreement | undefined
  rejected: readonly HeldAgreement[]
  /** Set while the newest two documents have no suite in common. */
  nearest: readonly NearMiss[] | undefined
}

/** Which agreements hold with which peers, in memory and on disk. */
export class AgreementBook {
  private readonly options: AgreementBookOptions
  private readonly sides = new Map<string, Record<Role, Side>>()
  /** One change after the other. */
  private turn: Promise<unknown> = Promise.resolve()

  constructor(options: AgreementBookOptions) {
    this.options = options
    for (const held of options.store.load(options.clock())) this.place(held)
  }

  /** In force now, the newest first. */
  live(peer: string, role: Role): readonly LiveAgreement[] {
    const { live } = this.sides.get(peer)?.[role] ?? NOTHING
    if (live.length === 0) return live
    const nowSeconds = this.options.clock() / 1_000
    return live.every(({ held }) => held.expiresAt > nowSeconds)
      ? live
      : live.filter(({ held }) => held.expiresAt > nowSeconds)
  }

  pending(peer: string, role: Role): HeldAgreement | undefined {
    return this.sides.get(peer)?.[role].pending
  }

  /** The nearest misses where the newest documents have no suite in common. */
  nearest(peer: string, role: Role): readonly NearMiss[] | undefined {
    return this.sides.get(peer)?.[role].nearest
  }

  /** Whether any agreement with a peer is in force. */
  holds(peer: string): boolean {
    return this.live(peer, 'hub').length > 0 || this.live(peer, 'follower').length > 0
  }

  /** What an id is to us: in force, waiting, turned down or unknown. */
  standingOf(peer: string, id: string): 'live' | 'pending' | 'rejected' | 'unknown' {
    for (const role of roles) {
      if (this.live(peer, role).some(({ held }) => held.id === id)) return 'live'
      const side = this.sides.get(peer)?.[role] ?? NOTHING
      if (side.pending?.id === id) return 'pending'
      if (side.rejected.some((held) => held.id === id)) return 'rejected'
    }
    return 'unknown'
  }

  /** All that we hold and that has not expired. */
  list(): readonly HeldAgreement[] {
    return [...this.sides.keys()].flatMap((peer) =>
      roles.flatMap((role) => {
        const { pending, rejected } = this.sides.get(peer)?.[role] ?? NOTHING
        const live = this.live(peer, role).map(({ held }) => held)
        return [...(pending === undefined ? [] : [pending]), ...live, ...rejected]
      }),
    )
  }

  /** Takes the newest documents of both sides: settles what holds in the rooms of each. */
  async settle(
    peer: ProviderDomain,
    ours: RequirementsDocument,
    theirs: RequirementsDocument,
  ): Promise<void> {
    await this.inTurn(async () => {
      await this.settleRole({ peer, role: 'hub' }, ours, theirs)
      await this.settleRole({ peer, role: 'follower' }, theirs, ours)
    })
  }

  /** The operator takes a pending agreement. Throws `not-found`. */
  approve(id: string): Promise<HeldAgreement> {
    return this.inTurn(() => this.approveNow(id))
  }

  /** The operator turns a pending agreement down; what was in force stays. Throws `not-found`. */
  reject(id: string): Promise<HeldAgreement> {
    return this.inTurn(() => this.rejectNow(id))
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work, work)
    this.turn = mine
    return mine
  }

  private async approveNow(id: string): Promise<HeldAgreement> {
    const held = { ...this.pendingById(id), state: 'live' } as const
    await this.options.store.put(held)
    const side = this.side(held.peer, held.role)
    side.pending = undefined
    await this.enforce(side, held)
    this.tell(held, 'approved')
    return held
  }

  private async rejectNow(id: string): Promise<HeldAgreement> {
    const held = { ...this.pendingById(id), state: 'rejected' } as const
    await this.options.store.put(held)
    const side = this.side(held.peer, held.role)
    side.pending = undefined
    side.rejected = [held, ...side.rejected].slice(0, REJECTED_MAX)
    this.tell(held, 'rejected')
    return held
  }

  private async settleRole(
    { peer, role }: { readonly peer: ProviderDomain; readonly role: Role },
    hub: RequirementsDocument,
    follower: RequirementsDocument,
  ): Promise<void> {
    const { suites, clock, store } = this.options
    const side = this.side(peer, role)
    const outcome = negotiate(hub, follower, suites)
    if (outcome.kind === 'no-common-suite') {
      const first = side.nearest === undefined
      side.nearest = outcome.nearest
      await this.dropPending(side)
      if (first) this.options.onEvent({ peer, role, kind: 'no-common-suite', agreement: undefined })
      return
    }
    side.nearest = undefined
    const { agreement } = outcome
    const known = this.standingOf(peer, agreement.id)
    if (known !== 'unknown') {
      if (known === 'live') await this.dropPending(side)
      return
    }
    const change = this.changeTo(side, agreement, hub)
    const state = change === 'higher' || change === 'incomparable' ? 'pending' : 'live'
    const held = Object.freeze({ ...agreement, peer, role, state, change, madeAtMs: clock() })
    await this.dropPending(side)
    await store.put(held)
    if (state === 'pending') side.pending = held
    else await this.enforce(side, held)
    this.tell(held, state)
  }

  /** Compared with the newest one in force. INVARIANT: what cannot be compared waits for the operator. */
  private changeTo(
    side: Side,
    agreement: Agreement,
    hub: RequirementsDocument,
  ): ExposureChange | 'first' {
    const [newest] = this.inForce(side)
    if (newest === undefined) return 'first'
    const before = this.suitesOf(newest.held)
    if (before === undefined) return 'incomparable'
    return compareLists(before, suitesOfDocument(hub, agreement.suites, this.options.suites))
  }

  private inForce(side: Side): readonly LiveAgreement[] {
    const nowSeconds = this.options.clock() / 1_000
    return side.live.filter(({ held }) => held.expiresAt > nowSeconds)
  }

  private suitesOf(held: HeldAgreement): readonly Suite[] | undefined {
    const { documents, suites } = this.options
    const signed = documents.find(held.hub, held.hubDocument)
    return signed === undefined ? undefined : suitesOfDocument(signed.document, held.suites, suites)
  }

  /** A code that means something else here than in the agreement cannot be used. */
  private usableNames(held: HeldAgreement): readonly string[] {
    const { suites } = this.options
    const agreed = this.suitesOf(held) ?? []
    return agreed.flatMap((suite) => {
      const ours = suites.suiteByCode(suite.code)
      if (ours === undefined || !suiteDigest(ours).equals(suiteDigest(suite))) return []
      return [ours.name]
    })
  }

  private async enforce(side: Side, held: HeldAgreement): Promise<void> {
    const live = [{ held, names: this.usableNames(held) }, ...this.inForce(side)]
    side.live = live.slice(0, LIVE_MAX)
    for (const { held: old } of live.slice(LIVE_MAX)) await this.options.store.remove(old.id)
  }

  private async dropPending(side: Side): Promise<void> {
    if (side.pending === undefined) return
    await this.options.store.remove(side.pending.id)
    side.pending = undefined
  }

  private pendingById(id: string): HeldAgreement {
    const found = this.list().find((held) => held.id === id && held.state === 'pending')
    if (found === undefined) throw new GatewayError('not-found')
    return found
  }

  private place(held: HeldAgreement): void {
    const side = this.side(held.peer, held.role)
    if (held.state === 'live')
      side.live = [...side.live, { held, names: this.usableNames(held) }].slice(0, LIVE_MAX)
    else if (held.state === 'pending') side.pending ??= held
    else side.rejected = [...side.rejected, held].slice(0, REJECTED_MAX)
  }

  private side(peer: string, role: Role): Side {
    const known = this.sides.get(peer)
    if (known !== undefined) return known[role]
    const fresh = { hub: { ...NOTHING }, follower: { ...NOTHING } }
    this.sides.set(peer, fresh)
    return fresh[role]
  }

  private tell(held: HeldAgreement, kind: AgreementEvent['kind']): void {
    const { peer, role } = held
    this.options.onEvent({ peer: parseProviderDomain(peer), role, kind, agreement: held })
  }
}

const roles = ['hub', 'follower'] as const satisfies readonly Role[]
const NOTHING: Side = { live: [], pending: undefined, rejected: [], nearest: undefined }
/** Of one peer in one role: as many documents as may change within one lifetime. */
const LIVE_MAX = 32
const REJECTED_MAX = 8
