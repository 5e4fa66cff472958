import { setImmediate as turn } from 'node:timers/promises'
import type { EventJournal } from '../audit/journal.ts'
import type { PeerClients } from '../delivery/peer-clients.ts'
import type { KeyRing } from '../keys/key-files.ts'
import type { RequirementsContent } from '../metadata/requirements/build.ts'
import type { Suite } from '../metadata/suite.ts'
import type { Suites } from '../metadata/suites.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import type { EventKind } from '../model/events.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { AgreementBook, type AgreementEvent } from '../peers/agreement-book.ts'
import { AgreementStore, type Role } from '../peers/agreement-store.ts'
import { Discovery, type RequirementsAlert } from '../peers/discovery.ts'
import { openOwnRequirements, type OwnRequirements } from '../peers/own-requirements.ts'
import type { PeerProfile, PeerTable } from '../peers/peer-table.ts'
import { RequirementDocuments } from '../peers/requirement-documents.ts'
import type { Home } from '../pipeline/parts.ts'
import type { PolicyHolder } from '../policy/policy-holder.ts'
import { unservedOperations } from '../policy/serve-check.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import type { Config } from '../settings/config.ts'
import { safeDomain, safeWord } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import { statedContent } from './stated-content.ts'
import { repeat } from './repeat.ts'

export interface RequirementsOptions {
  readonly config: Config
  readonly store: Store
  readonly keys: KeyRing
  readonly suites: Suites
  readonly home: Home
  readonly peers: PeerTable
  readonly policies: PolicyHolder
  readonly peerClients: PeerClients
  readonly journal: EventJournal
  readonly log: Log
  readonly clock: Clock
  readonly randomness: Randomness
  /** What we state of our own issuer; nothing unless given. */
  readonly tokens?: (() => RequirementsContent['tokens']) | undefined
}

/** What we publish, what others publish, and what was agreed on. */
export interface Requirements {
  readonly documents: RequirementDocuments
  readonly own: OwnRequirements
  readonly book: AgreementBook
  readonly discovery: Discovery
  /** Publishes what changed, and settles anew with everybody; `renew` publishes in any case. */
  readonly publish: (options?: { readonly renew?: boolean }) => Promise<boolean>
  /** After configuration or policies changed. */
  readonly reconfigure: (config: Config) => Promise<void>
}

/** Opens the documents and agreements; publishes our first document where there is none. */
export async function openRequirements(options: RequirementsOptions): Promise<Requirements> {
  const { store, keys, suites, peers, peerClients, log, clock, randomness } = options
  const now = { config: options.config }
  const documents = new RequirementDocuments(store, clock)
  const own = await openOwnRequirements({
    provider: peers.self,
    documents,
    content: () => contentNow(options, now.config),
    signingKeys: () => keys.all('requirements-signing').map(({ key }) => key),
    validMs: () => now.config.requirements.validDays * DAY_MS,
    clock,
    randomness,
  })
  const book = new AgreementBook({
    self: peers.self,
    store: new AgreementStore(store),
    documents,
    suites,
    clock,
    onEvent: (event) => agreementChanged(options, event),
  })
  const discovery = new Discovery({
    self: peers.self,
    fetch: (call) => peerClients.document(call),
    documents,
    own,
    book,
    clock,
    onAlert: (peer, alert) => alertRaised(options, peer, alert),
  })
  const publish: Requirements['publish'] = async (how) => {
    const published = await own.publish(how)
    if (!published) return false
    log.info('requirements.published', { seq: own.current().document.seq })
    await discovery.renegotiate(peers.allowed())
    return true
  }
  return {
    documents,
    own,
    book,
    discovery,
    publish,
    reconfigure: async (config) => {
      now.config = config
      await publish()
    },
  }
}

/** Looks at what peers publish and renews what we do, now and then; never lets a fault out. */
export function startRequirements(
  { own, discovery, ...requirements }: Requirements,
  { peers, log }: Pick<RequirementsOptions, 'peers' | 'log'>,
): Disposable {
  let running = false
  const run = async (): Promise<void> => {
    if (running) return
    running = true
    try {
      await requirements.publish()
      await discovery.refreshAll(discovery.due(peers.allowed()))
    } catch (error) {
      log.fault('requirements.failed', error, { seq: own.current().document.seq })
    } finally {
      running = false
    }
  }
  const timer = repeat(run, INTERVAL_MS)
  return {
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]()
      discovery.stop()
    },
  }
}

async function contentNow(
  options: RequirementsOptions,
  config: Config,
): Promise<RequirementsContent> {
  const { suites, log } = options
  const served = { hub: new Set<Suite>(), follower: new Set<Suite>() }
  for (const role of ['hub', 'follower'] as const)
    for (const suite of offeredSuites(config, role).flatMap(
      (name) => suites.suiteByName(name) ?? [],
    )) {
      // Each check costs milliseconds the first time: others get their turn in between.
      await turn()
      if (isServed(options, suite, role)) served[role].add(suite)
      else log.warn('requirements.suite-not-served', { code: suite.code, role: safeWord(role) })
    }
  return statedContent({ ...options, config, servable: (suite, role) => served[role].has(suite) })
}

/**
 * Whether our policies let us serve a suite to anybody who may be offered it. What a suite makes the
 * journal keep binds the hub, whose duty it is; a follower's journal keeps what its operator lets it.
 */
function isServed(
  { peers, home, policies }: RequirementsOptions,
  suite: Suite,
  role: Role,
): boolean {
  const room = home.room(undefined, suite)
  const candidates = peers
    .allowed()
    .flatMap((domain) => peers.find(domain) ?? [])
    .filter((profile) => listOf(profile, role).includes(suite.name))
    .map(({ agreedFacts }) => agreedFacts)
  const parties = candidates.length > 0 ? candidates : [ANYBODY]
  return parties.some((peer) => {
    const asked = { peer, room }
    return unservedOperations(policies.current(), mimiAdapter.declarations, asked).every(
      ({ audience }) => role === 'follower' && audience === 'archive',
    )
  })
}

function offeredSuites({ defaultSuites, peers }: Config, role: Role): readonly string[] {
  return [...new Set([defaultSuites, ...peers.values()].flatMap((lists) => listOf(lists, role)))]
}

function listOf(
  { asHub, asFollower }: Pick<PeerProfile, 'asHub' | 'asFollower'>,
  role: Role,
): readonly string[] {
  return role === 'hub' ? asHub : asFollower
}

function agreementChanged(
  { log, ...options }: RequirementsOptions,
  { peer, role, kind, agreement }: AgreementEvent,
): void {
  const facts = { peer: safeDomain(peer), role: safeWord(role), change: safeWord(kind) }
  if (kind === 'pending' || kind === 'no-common-suite') log.warn('agreement.changed', facts)
  else log.info('agreement.changed', facts)
  journalled(options, {
    kind: 'agreement.changed',
    peer,
    outcome: kind,
    about: agreement?.id ?? '',
  })
}

function alertRaised(
  { log, ...options }: RequirementsOptions,
  peer: ProviderDomain,
  alert: RequirementsAlert,
): void {
  log.warn('requirements.alert', { peer: safeDomain(peer), alert: safeWord(alert) })
  journalled(options, { kind: 'requirements.refused', peer, outcome: alert, about: '' })
}

interface Journalled {
  readonly kind: EventKind
  readonly peer: ProviderDomain
  readonly outcome: string
  /** The id of an agreement. */
  readonly about: string
}

function journalled(
  { journal, clock }: Pick<RequirementsOptions, 'journal' | 'clock'>,
  { kind, peer, outcome, about }: Journalled,
): void {
  journal.record({
    schema: 1,
    kind,
    atMs: clock(),
    requestId: about,
    operation: '',
    direction: '',
    peer,
    suite: '',
    outcome,
    policies: [],
    fields: {},
  })
}

/** For whom a suite is checked that no configured peer is offered. */
const ANYBODY = Object.freeze({
  id: 'anybody.invalid',
  class: 'federated',
  region: 'OTHER',
  agreement: true,
  verified: true,
  groups: [],
} as const)
const DAY_MS = 86_400_000
const INTERVAL_MS = 60_000
