import { readFile } from 'node:fs/promises'
import { createEventJournal } from '../audit/journal.ts'
import { NO_DECISION_LOG, type DecisionLog } from '../decision-log/decision-log.ts'
import { Outbox } from '../delivery/outbox.ts'
import { PeerClients } from '../delivery/peer-clients.ts'
import { tlsContext, type TlsIdentity } from '../delivery/tls-identity.ts'
import { Upstream } from '../delivery/upstream.ts'
import { createFrankingAgent, type FrankingAgent } from '../franking/franking-agent.ts'
import { createStampStore } from '../franking/stamp-store.ts'
import { createTimeBuckets } from '../franking/time-bucket.ts'
import type { KeyRing } from '../keys/key-files.ts'
import { parseAttestedHeader } from '../metadata/attested.ts'
import { suiteOfTable } from '../metadata/requirements/private-suite.ts'
import { builtInSuites, type Suites } from '../metadata/suites.ts'
import { createPseudonyms, type Pseudonyms } from '../metadata/pseudonyms.ts'
import { transforms, type Transforms } from '../metadata/transforms.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { agreedCall } from '../peers/agreed-call.ts'
import { PeerTable } from '../peers/peer-table.ts'
import { ConsentLedger } from '../peers/consent-ledger.ts'
import { RoomSuites } from '../peers/room-suites.ts'
import { createNotifications } from '../pipeline/notifications.ts'
import { createPendingUpdates } from '../pipeline/pending-updates.ts'
import { createRoomGrants } from '../pipeline/room-grants.ts'
import { createUnheardMessages } from '../pipeline/unheard-messages.ts'
import type { PipelineParts, ProtocolBytes } from '../pipeline/parts.ts'
import { agreementToName } from '../pipeline/passage.ts'
import { countedFanout } from '../pipeline/count.ts'
import { showsFranks } from '../pipeline/relay.ts'
import { recordDelivery, recordFanout } from '../pipeline/record.ts'
import { BundleLedger } from '../policy/bundle-ledger.ts'
import { createPolicyHolder } from '../policy/policy-holder.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import { parseDirectory } from '../protocols/mimi/directory.ts'
import { readFanout, stampFanout } from '../protocols/mimi/fanout.ts'
import { hubProposals, hubSeat, retractionProposal } from '../protocols/mimi/hub-proposals.ts'
import { groupInfoDescribes, showsDescription } from '../protocols/mimi/room-description.ts'
import { hubSigner, sealGroupInfo, type HubSigner } from '../protocols/mimi/seal-group-info.ts'
import { isSignedByRequester } from '../protocols/mimi/verify-request.ts'
import { createEpochRecord } from '../rooms/epoch-record.ts'
import { RoomRegistry } from '../rooms/room-registry.ts'
import type { TokenKey } from '../privacypass/token-scheme.ts'
import type { ReceiptBook } from '../receipts/receipt-book.ts'
import type { Config } from '../settings/config.ts'
import type { Log } from '../signals/log.ts'
import type { Metrics } from '../signals/metrics.ts'
import type { Store } from '../sqlite/store.ts'
import { openAssetProxy } from './asset-proxy.ts'
import { createHome } from './home.ts'
import { openLimiter } from './limiter.ts'
import { openModeration, type OpenedModeration } from './moderation.ts'
import { openRequirements, type Requirements, type RequirementsOptions } from './requirements.ts'
import { openNotices, type Notices } from './notices.ts'
import { createSendNotice } from './send-notice.ts'
import { peerProfiles } from './peer-profiles.ts'
import { readPolicySets } from './policy-source.ts'
import { openRelayLog } from './relay-log.ts'
import { openSanctions } from './sanctions.ts'
import { openSenders, type Senders } from './senders.ts'
import { openVerifier } from './verifier.ts'

export interface PartsOptions {
  readonly config: Config
  readonly store: Store
  readonly keys: KeyRing
  readonly signer: HubSigner
  readonly identity: TlsIdentity
  readonly upstream: Upstream
  readonly receipts: ReceiptBook
  readonly metrics: Metrics
  readonly log: Log
  readonly clock: Clock
  readonly randomness: Randomness
  /** None unless given. */
  readonly decisionLog?: DecisionLog
  /** What we state of our own issuer; nothing unless given. */
  readonly tokens?: RequirementsOptions['tokens']
  /** The keys of our own issuer for tokens of messages; none unless given. */
  readonly tokenKeys?: (() => readonly TokenKey[]) | undefined
  /** All of them unless given: a proof takes one away. */
  readonly transforms?: Transforms
}

export interface OpenedParts {
  readonly parts: PipelineParts
  readonly requirements: Requirements
  readonly unnamed: Senders
  /** Ends the process that reads what is sealed. */
  readonly verifier: Disposable
  readonly notices: Notices
  readonly bindCases: OpenedModeration['bindCases']
}

/** Builds what the pipeline is made of. Throws `policy-invalid`, `key-unavailable`. */
export async function openPipelineParts(options: PartsOptions): Promise<OpenedParts> {
  const { config, store, keys, metrics, clock, randomness } = options
  const domain = config.provider
  const agent = openFrankingAgent(domain, keys)
  const known = await openNeighbourhood(options)
  const followed = openRooms(store, known.suites)
  const requirements = await openRequirements({ ...options, ...known })
  const { book: agreements, discovery } = requirements
  const refreshPeer = (peer: ProviderDomain) => discovery.refreshOnDemand(peer)
  const signers = keys.all('hub-signing').map(({ key }) => hubSigner(key, domain))
  const bytes = protocolBytes(options.signer, signers)
  const unnamed = await openSenders({ ...options, ...known, ...requirements, refreshPeer })
  const logs = await openRelayLog(config.keysDirectory, store)
  const reading = { ...options, ...known, ...followed, ...logs, verifier: openVerifier(keys) }
  const notices = await openNotices({ ...reading, requirements, unnamed })
  const desk = { ...reading, ...notices, domain, agent, open: reading.verifier.open }
  const { bindCases, ...moderated } = await openModeration(desk)
  const sanctioned = openSanctions({ ...options, sendNotice: createSendNotice(notices) })
  const parts: PipelineParts = {
    adapter: mimiAdapter,
    bytes,
    ...known,
    pseudonyms: ownPseudonyms(keys),
    agreements,
    refreshPeer,
    roomSuites: new RoomSuites(store),
    consents: new ConsentLedger(store),
    rooms: followed.rooms,
    roomGrants: createRoomGrants(),
    ...unnamed.parts,
    membershipProof: config.rooms.membershipProof,
    limiter: openLimiter({
      ...options,
      standingOf: (peer) => unnamed.standing.factor(peer),
      divisorOf: (room, sender, nowMs) => sanctioned.sanctions.divisorOf(room, sender, nowMs),
    }),
    frankingAgent: (ciphersuite) => {
      if (ciphersuite === agent.ciphersuite) return agent
      throw new GatewayError('key-unavailable', { facts: { ciphersuite } })
    },
    stamps: createStampStore({ store }),
    ...logs,
    timeBuckets: createTimeBuckets(undefined, known.transforms.bucketTime),
    fanoutTimes: createTimeBuckets(undefined, known.transforms.bucketTime),
    upstream: options.upstream,
    assets: await openAssetProxy(config),
    outbox: openOutbox({ ...options, ...known, agreements, refreshPeer, bytes }),
    notifications: createNotifications(store, clock),
    pendingUpdates: createPendingUpdates(store, clock),
    unheardMessages: createUnheardMessages(store, clock),
    receipts: options.receipts,
    ...sanctioned,
    ...moderated,
    decisionLog: options.decisionLog ?? NO_DECISION_LOG,
    metrics,
    clock,
    randomness,
  }
  return { parts, requirements, notices, unnamed, bindCases, verifier: reading.verifier }
}

/** What is remembered of epochs is for reports: where there are no franks there is nothing. */
function openRooms(store: Store, suites: Suites) {
  const epochs = createEpochRecord(store, (name) => {
    const suite = suites.suiteByName(name)
    return suite !== undefined && showsFranks(suite)
  })
  return { rooms: new RoomRegistry(store, { suites, epochs }), epochs }
}

/** Who we are, who the others are, and what may pass between us. */
async function openNeighbourhood(options: PartsOptions) {
  const { config, store, identity, clock } = options
  const domain = config.provider
  const { declarations } = mimiAdapter
  const peers = new PeerTable(domain, peerProfiles(config))
  return {
    suites: builtInSuites(
      declarations,
      config.privateSuites.map((table) => suiteOfTable(table)),
    ),
    transforms: options.transforms ?? transforms,
    home: createHome({
      domain,
      rooms: config.rooms,
      suite: HOME_SUITE,
      attested: config.attested,
    }),
    peers,
    policies: createPolicyHolder(
      await readPolicySets(config, { clock, ledger: new BundleLedger(store) }),
      { declarations, clock },
    ),
    peerClients: new PeerClients({
      domain,
      identity,
      parseDirectory,
      clock,
      addressOf: (peer) => peers.find(peer)?.address,
      limits: config.limits.peer,
      downloads: config.limits.assets,
    }),
    journal: createEventJournal({ store, clock }),
  }
}

/**
 * The certificate and key of the peers listener, and the authorities of other providers. Throws
 * `configuration-invalid` where a file cannot be read or is not what it should be.
 */
export async function readTlsIdentity({ listeners }: Config): Promise<TlsIdentity> {
  const { certificate, key, ca } = listeners.peers
  try {
    const identity = {
      certificate: await readFile(certificate),
      key: await readFile(key),
      authorities: [await readFile(ca)],
    }
    tlsContext(identity)
    return identity
  } catch (cause) {
    throw new GatewayError('configuration-invalid', { facts: { reason: 'certificates' }, cause })
  }
}

function ownPseudonyms(keys: KeyRing): Pseudonyms {
  return createPseudonyms({
    active: () => keys.active('pseudonyms'),
    all: () => keys.all('pseudonyms'),
  })
}

function openFrankingAgent(domain: string, keys: KeyRing): FrankingAgent {
  const [signing, ...formerSigning] = keys.all('hub-signing')
  const [master, ...formerMasters] = keys.all('franking-master')
  if (signing === undefined || master === undefined) throw new GatewayError('key-unavailable')
  return createFrankingAgent({
    domain,
    ciphersuite: HUB_CIPHERSUITE,
    signingKey: keys.active('hub-signing').key,
    master: keys.active('franking-master').key,
    formerSigningKeys: [signing, ...formerSigning].map(({ key }) => key),
    formerMasters: [master, ...formerMasters].map(({ key }) => key),
  })
}

function protocolBytes(signer: HubSigner, signers: readonly HubSigner[]): ProtocolBytes {
  return {
    hubProposals: (room, proposals) => {
      const seat = hubSeat(signers, room)
      return seat && hubProposals(seat, room, proposals)
    },
    hubRetraction: (room, retraction) => {
      const seat = hubSeat(signers, room)
      return seat && retractionProposal(seat, retraction)
    },
    sealGroupInfo: (grant) => sealGroupInfo(grant, signer),
    isSignedByRequester,
    showsDescription,
    groupInfoDescribes,
    parseFanout: (bytes) => {
      const [item, ...others] = readFanout(bytes)
      if (item === undefined || others.length > 0) throw new GatewayError('malformed-body')
      return item
    },
    stampFanout,
  }
}

type OutboxParts = Pick<
  PipelineParts,
  | 'suites'
  | 'home'
  | 'peers'
  | 'policies'
  | 'transforms'
  | 'agreements'
  | 'refreshPeer'
  | 'peerClients'
  | 'journal'
  | 'bytes'
  | 'receipts'
  | 'metrics'
  | 'clock'
> & {
  readonly config: Config
  readonly store: Store
}

function openOutbox(parts: OutboxParts): Outbox {
  const { config, store, peerClients, metrics, clock } = parts
  return new Outbox({
    store,
    clock,
    limits: config.limits.outbox,
    send: async ({ peer, room, bytes, suite, signal }) => {
      const answer = await agreedCall(
        {
          call: countedFanout(parts, { peer, room, suite, bytes }, (call) =>
            peerClients.call(call),
          ),
          refresh: parts.refreshPeer,
          agreement: (refused) => agreementToName(parts, { peer, room, suite }, refused),
        },
        { peer, operation: 'notify', target: room, bytes, suite, signal },
      )
      // A follower that says nonsense is not asked again: the notification did arrive.
      const attested = parseAttestedHeader(answer.compliance ?? '')
      if (attested !== undefined) recordDelivery(parts, { peer, room, suite, attested })
      return answer
    },
    onEvent: ({ kind, peer, room, suite, reason }) => {
      if (kind === 'retried') return metrics.fanoutEnded('failed')
      const delivered = kind === 'delivered'
      metrics.fanoutEnded(delivered ? 'delivered' : 'given-up')
      recordFanout(parts, { delivered, peer, room, suite, outcome: reason ?? kind })
    },
  })
}

/** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: hubs sign with Ed25519. */
const HUB_CIPHERSUITE = 1
/** Between our own users, outside rooms: nothing leaves the house. */
const HOME_SUITE = 'identified'
