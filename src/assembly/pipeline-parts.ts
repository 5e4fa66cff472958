import { readFile } from 'node:fs/promises'
import { createEventJournal } from '../audit/journal.ts'
import { Outbox } from '../delivery/outbox.ts'
import { PeerClients } from '../delivery/peer-clients.ts'
import { tlsContext, type TlsIdentity } from '../delivery/tls-identity.ts'
import { Upstream } from '../delivery/upstream.ts'
import { createFrankingAgent, type FrankingAgent } from '../franking/franking-agent.ts'
import { createStampStore } from '../franking/stamp-store.ts'
import { createTimeBuckets } from '../franking/time-bucket.ts'
import type { KeyRing } from '../keys/key-files.ts'
import { builtInSuites } from '../metadata/suites.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { PeerTable } from '../peers/peer-table.ts'
import { RoomSuites } from '../peers/room-suites.ts'
import { createNotifications } from '../pipeline/notifications.ts'
import { createPendingUpdates } from '../pipeline/pending-updates.ts'
import { createUnheardMessages } from '../pipeline/unheard-messages.ts'
import type { PipelineParts, ProtocolBytes } from '../pipeline/parts.ts'
import { createPolicyHolder } from '../policy/policy-holder.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import { parseDirectory } from '../protocols/mimi/directory.ts'
import { readFanout, stampFanout } from '../protocols/mimi/fanout.ts'
import { sealGroupInfo, type HubSigner } from '../protocols/mimi/seal-group-info.ts'
import { isSignedByRequester } from '../protocols/mimi/verify-request.ts'
import { createBucketKeys } from '../ratelimit/bucket-keys.ts'
import { createMemoryBucketStore } from '../ratelimit/bucket-store-memory.ts'
import { createLimiter } from '../ratelimit/limiter.ts'
import { limitsWith, type LimitDefinition, type LimitName } from '../ratelimit/limits.ts'
import { RoomRegistry } from '../rooms/room-registry.ts'
import type { Config } from '../settings/config.ts'
import type { Metrics } from '../signals/metrics.ts'
import type { Store } from '../sqlite/store.ts'
import { openAssetProxy } from './asset-proxy.ts'
import { createHome } from './home.ts'
import { peerProfiles } from './peer-profiles.ts'
import { readPolicyEngine } from './policy-source.ts'
import { openReportDesk } from './report-desk.ts'

export interface PartsOptions {
  readonly config: Config
  readonly store: Store
  readonly keys: KeyRing
  readonly signer: HubSigner
  readonly identity: TlsIdentity
  readonly upstream: Upstream
  readonly metrics: Metrics
  readonly clock: Clock
  readonly randomness: Randomness
}

export interface OpenedParts {
  readonly parts: PipelineParts
  /** What the limiter reads: a reload changes it in place. */
  readonly limits: Record<LimitName, LimitDefinition>
}

/** Builds what the pipeline is made of. Throws `policy-invalid`, `key-unavailable`. */
export async function openPipelineParts(options: PartsOptions): Promise<OpenedParts> {
  const { config, store, keys, identity, metrics, clock, randomness } = options
  const domain = config.provider
  const suites = builtInSuites(mimiAdapter.declarations)
  const rooms = new RoomRegistry(store)
  const agent = openFrankingAgent(domain, keys)
  const peers = new PeerTable(domain, peerProfiles(config))
  const peerClients = new PeerClients({
    domain,
    identity,
    parseDirectory,
    clock,
    addressOf: (peer) => peers.find(peer)?.address,
    limits: config.limits.peer,
    downloads: config.limits.assets,
  })
  const journal = createEventJournal({ store, clock })
  const limits = { ...limitsWith(config.rates) }
  const parts: PipelineParts = {
    adapter: mimiAdapter,
    bytes: protocolBytes(options.signer),
    suites,
    home: createHome({ domain, rooms: config.rooms, suite: HOME_SUITE }),
    peers,
    roomSuites: new RoomSuites(store),
    rooms,
    policies: createPolicyHolder(await readPolicyEngine(config.policies), mimiAdapter.declarations),
    limiter: createLimiter({
      store: createMemoryBucketStore({ keysMax: config.limits.limiterKeysMax }),
      keys: createBucketKeys(keys.active('limiter').key),
      limits,
    }),
    frankingAgent: (ciphersuite) => {
      if (ciphersuite === agent.ciphersuite) return agent
      throw new GatewayError('key-unavailable', { facts: { ciphersuite } })
    },
    stamps: createStampStore({ store }),
    timeBuckets: createTimeBuckets(),
    upstream: options.upstream,
    peerClients,
    assets: await openAssetProxy(config),
    outbox: openOutbox({ config, store, peerClients, journal, metrics, clock }),
    notifications: createNotifications(store, clock),
    pendingUpdates: createPendingUpdates(store, clock),
    unheardMessages: createUnheardMessages(store, clock),
    reports: openReportDesk({ domain, store, keys, agent, rooms, suites, clock }),
    journal,
    metrics,
    clock,
    randomness,
  }
  return { parts, limits }
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

function protocolBytes(signer: HubSigner): ProtocolBytes {
  return {
    sealGroupInfo: async (grant) => sealGroupInfo(grant, signer),
    isSignedByRequester,
    parseFanout: (bytes) => {
      const [item, ...others] = readFanout(bytes)
      if (item === undefined || others.length > 0) throw new GatewayError('malformed-body')
      return item
    },
    stampFanout,
  }
}

type OutboxParts = Pick<PipelineParts, 'peerClients' | 'journal' | 'metrics' | 'clock'> & {
  readonly config: Config
  readonly store: Store
}

function openOutbox({ config, store, peerClients, journal, metrics, clock }: OutboxParts): Outbox {
  return new Outbox({
    store,
    clock,
    limits: config.limits.outbox,
    send: ({ peer, room, bytes, suite, signal }) =>
      peerClients.call({ peer, operation: 'notify', target: room, bytes, suite, signal }),
    onEvent: ({ kind, peer, suite, reason }) => {
      if (kind === 'retried') return metrics.fanoutEnded('failed')
      metrics.fanoutEnded(kind === 'delivered' ? 'delivered' : 'given-up')
      journal.record({
        schema: 1,
        kind: kind === 'delivered' ? 'fanout.delivered' : 'fanout.failed',
        atMs: clock(),
        requestId: '',
        operation: 'notify',
        direction: 'egress',
        peer,
        suite: suite ?? '',
        outcome: reason ?? kind,
        policies: [],
        fields: {},
      })
    },
  })
}

/** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: hubs sign with Ed25519. */
const HUB_CIPHERSUITE = 1
/** Between our own users, outside rooms: nothing leaves the house. */
const HOME_SUITE = 'identified'
