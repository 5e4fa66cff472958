import type { Verdict } from '../metadata/requirements/chain.ts'
import type { Clock } from '../model/clock.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { AgreementBook } from './agreement-book.ts'
import { fetchRequirements, type Fetched, type FetchDocument } from './fetch-document.ts'
import type { OwnRequirements } from './own-requirements.ts'
import type { RequirementDocuments } from './requirement-documents.ts'

/** What an operator is told of a peer's document. Every code is a word of ours. */
export type RequirementsAlert =
  | Exclude<Verdict['kind'], 'accepted' | 'unchanged'>
  | 'malformed'
  | 'redirected'
  /** It had one, and has none any more. */
  | 'withdrawn'
  /** It was asked and did not answer in time. */
  | 'too-slow'

/** What we know of a peer's document. */
export interface PeerStanding {
  readonly checkedAtMs: number
  readonly outcome: 'current' | 'refused' | 'no-document' | 'unreachable'
  /** Why it was refused, or why the peer could not be asked. */
  readonly reason: RequirementsAlert | ErrorCode | undefined
}

export interface DiscoveryOptions {
  readonly self: ProviderDomain
  readonly fetch: FetchDocument
  readonly documents: RequirementDocuments
  readonly own: OwnRequirements
  readonly book: AgreementBook
  readonly clock: Clock
  /** Called when a peer's document begins to be refused, or is for another reason. */
  readonly onAlert: (peer: ProviderDomain, alert: RequirementsAlert) => void
}

/**
 * Keeps us up to date with what peers publish. Whatever a peer does, or does not do, what was agreed
 * on stays in force until it expires.
 */
export class Discovery {
  private readonly options: DiscoveryOptions
  private readonly standings = new Map<ProviderDomain, PeerStanding>()
  private readonly running = new Map<ProviderDomain, Promise<PeerStanding>>()
  /** When requests made us look, per peer. */
  private readonly demands = new Map<ProviderDomain, readonly number[]>()
  private readonly aborter = new AbortController()

  constructor(options: DiscoveryOptions) {
    this.options = options
  }

  standing(peer: ProviderDomain): PeerStanding | undefined {
    return this.standings.get(peer)
  }

  /** Asks the peer and settles what holds; callers that come meanwhile share the answer. */
  refresh(peer: ProviderDomain): Promise<PeerStanding> {
    const running = this.running.get(peer)
    if (running !== undefined) return running
    const run = this.run(peer).finally(() => this.running.delete(peer))
    this.running.set(peer, run)
    return run
  }

  /** As `refresh`, for a request that needs it; at most five times in 10 s for one peer. */
  async refreshOnDemand(peer: ProviderDomain): Promise<void> {
    const nowMs = this.options.clock()
    const recent = (this.demands.get(peer) ?? []).filter((atMs) => atMs > nowMs - DEMAND_WINDOW_MS)
    const running = this.running.get(peer)
    if (running !== undefined) await running
    else if (recent.length < DEMANDS_MAX) {
      this.demands.set(peer, [...recent, nowMs])
      await this.refresh(peer)
    }
  }

  /** Asks all of these peers, at most eight at the same time. */
  async refreshAll(peers: readonly ProviderDomain[]): Promise<void> {
    const waiting = [...peers]
    const work = async (): Promise<void> => {
      for (let peer = waiting.shift(); peer !== undefined; peer = waiting.shift())
        await this.refresh(peer)
    }
    await Promise.all(Array.from({ length: CONCURRENT_MAX }, work))
  }

  /** Settles what holds with each of these peers after our own document changed, without asking them. */
  async renegotiate(peers: readonly ProviderDomain[]): Promise<void> {
    for (const peer of peers) await this.settle(peer)
  }

  /** The peers whose document is to be looked at again now. */
  due(peers: readonly ProviderDomain[]): readonly ProviderDomain[] {
    const nowMs = this.options.clock()
    return peers.filter((peer) => {
      const known = this.standings.get(peer)
      if (known === undefined) return true
      return nowMs >= known.checkedAtMs + (known.outcome === 'unreachable' ? RETRY_MS : FRESH_MS)
    })
  }

  /** Trusts the next document of a peer as its first one; agreements stay. */
  async forget(peer: ProviderDomain): Promise<PeerStanding> {
    await this.options.documents.forget(peer)
    return this.refresh(peer)
  }

  /** Gives up what is under way. */
  stop(): void {
    this.aborter.abort()
  }

  private async run(peer: ProviderDomain): Promise<PeerStanding> {
    const { fetch, documents, clock, onAlert } = this.options
    const held = documents.chain(peer)
    const { signal } = this.aborter
    const fetched = await fetchRequirements(fetch, { peer, held, nowMs: clock(), signal })
    const { outcome, reason } = judged(fetched, held.length > 0)
    if (fetched.kind === 'judged') await this.keep(peer, fetched)
    if (outcome === 'current') await this.settle(peer)
    const before = this.standings.get(peer)
    const standing = { checkedAtMs: clock(), outcome, reason }
    this.standings.set(peer, standing)
    if (before?.reason === reason) return standing
    if (outcome === 'refused') onAlert(peer, reason)
    if (reason === 'peer-timeout') onAlert(peer, 'too-slow')
    return standing
  }

  private async keep(
    peer: ProviderDomain,
    { verdict, links }: Extract<Fetched, { readonly kind: 'judged' }>,
  ): Promise<void> {
    const { documents } = this.options
    await documents.accept(peer, links)
    if (verdict.kind === 'equivocation') await documents.keepEvidence(peer, verdict.other)
  }

  private async settle(peer: ProviderDomain): Promise<void> {
    const { documents, own, book, clock } = this.options
    const theirs = documents.latest(peer)
    const ours = own.current()
    if (theirs === undefined || theirs.document.expiresAt * 1_000 <= clock()) return
    await book.settle(peer, ours.document, theirs.document)
  }
}

type Judged =
  | { readonly outcome: 'current' | 'no-document'; readonly reason: undefined }
  | { readonly outcome: 'refused'; readonly reason: RequirementsAlert }
  | { readonly outcome: 'unreachable'; readonly reason: ErrorCode }

function judged(fetched: Fetched, hadOne: boolean): Judged {
  switch (fetched.kind) {
    case 'no-document':
      return hadOne
        ? { outcome: 'refused', reason: 'withdrawn' }
        : { outcome: 'no-document', reason: undefined }
    case 'unreachable':
      return { outcome: 'unreachable', reason: fetched.code }
    case 'malformed':
      return {
        outcome: 'refused',
        reason: fetched.reason === 'redirected' ? 'redirected' : 'malformed',
      }
    case 'judged': {
      const { kind } = fetched.verdict
      return kind === 'accepted' || kind === 'unchanged'
        ? { outcome: 'current', reason: undefined }
        : { outcome: 'refused', reason: kind }
    }
  }
}

const CONCURRENT_MAX = 8
const DEMANDS_MAX = 5
const DEMAND_WINDOW_MS = 10_000
const FRESH_MS = 3_600_000
const RETRY_MS = 30_000
