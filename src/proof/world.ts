import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { internalHandlers, lateHandlers } from '../assembly/internal-handlers.ts'
import { startInternalListener, startPeersListener } from '../assembly/listeners.ts'
import { createLabels } from '../assembly/labels.ts'
import { openReceipts } from '../assembly/receipts.ts'
import { openStatusDesk } from '../assembly/report-status.ts'
import { openPipelineParts, readTlsIdentity } from '../assembly/pipeline-parts.ts'
import { openGatewayStore } from '../assembly/stores.ts'
import type { TlsIdentity } from '../delivery/tls-identity.ts'
import { Upstream } from '../delivery/upstream.ts'
import { loadKeys } from '../keys/key-files.ts'
import type { Randomness } from '../model/clock.ts'
import { transforms, type TransformName } from '../metadata/transforms.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { createPipeline } from '../pipeline/pipeline.ts'
import { buildDirectory } from '../protocols/mimi/directory.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import { hubSigner } from '../protocols/mimi/seal-group-info.ts'
import type { Config } from '../settings/config.ts'
import type { SpanRecorder } from '../signals/span-recorder.ts'
import type { Store } from '../sqlite/store.ts'
import { CaptureServer } from './capture-server.ts'
import { recordSignals, type RecordedSignals } from './recorded-signals.ts'
import { seededRandomness } from './seeded-randomness.ts'
import { worldConfig, type Neighbours, type WorldSettings } from './world-config.ts'
import { without } from './without.ts'

/** Certificates of everybody who takes part: PEM files, all of one authority. */
export interface WorldCertificates {
  readonly ca: string
  readonly providers: ReadonlyMap<string, { readonly certificate: string; readonly key: string }>
}

export interface WorldOptions extends WorldSettings {
  /** A new, empty directory with a short path. */
  readonly directory: string
  readonly certificates: WorldCertificates
  /** The same seed: the same keys and the same random choices. */
  readonly seed: string
  readonly startMs: number
  readonly spans: SpanRecorder
  /** A transform that does nothing in this world. */
  readonly removed?: TransformName | undefined
}

/**
 * A whole gateway in this process, with real listeners, a real store and real signals, between ends that
 * write down what reaches them: its delivery service, two other providers and a host of assets.
 */
export interface World extends AsyncDisposable {
  readonly names: Neighbours
  /** The name of the suite of its rooms. */
  readonly suite: string
  readonly parts: PipelineParts
  readonly store: Store
  readonly signals: RecordedSignals
  readonly directory: string
  readonly upstream: CaptureServer
  readonly peers: ReadonlyMap<string, CaptureServer>
  readonly assets: CaptureServer
  readonly identityOf: (domain: string) => TlsIdentity
  /** Where it listens for other providers, and for its delivery service. */
  readonly peersPort: number
  readonly internalSocket: string
  /** Every random choice from here on follows from this seed. */
  reseed(seed: string): void
  /** The time of everything in it, in ms. */
  readonly now: () => number
  advance(ms: number): void
}

export async function openWorld(options: WorldOptions): Promise<World> {
  await using stack = new AsyncDisposableStack()
  let nowMs = options.startMs
  const clock = () => nowMs
  let stream = seededRandomness(options.seed)
  const randomness: Randomness = (bytes) => stream(bytes)
  const ends = await openEnds(stack, options)
  const config = worldConfig(options, { ...ends.ports, directory: options.directory })
  const gateway = await openGateway(stack, {
    options,
    config,
    clock,
    randomness,
    signals: ends.signals,
  })
  const owned = stack.move()
  return {
    names: options.names,
    suite: options.suite,
    ...gateway,
    ...ends,
    directory: options.directory,
    internalSocket: join(options.directory, 'internal.sock'),
    reseed: (seed) => {
      stream = seededRandomness(seed)
    },
    now: clock,
    advance: (ms) => {
      nowMs += ms
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function openEnds(stack: AsyncDisposableStack, options: WorldOptions) {
  const { names, directory, certificates } = options
  const identities = await readIdentities(certificates)
  const identityOf = (domain: string): TlsIdentity => {
    const identity = identities.get(domain)
    if (identity === undefined) throw new TypeError('expected a certificate')
    return identity
  }
  const peers = new Map<string, CaptureServer>()
  const ports = new Map<string, number>()
  for (const domain of [names.peer, names.third]) {
    const server = stack.use(new CaptureServer({ identity: identityOf(domain) }))
    server.answerDirectory(directoryOf(domain))
    ports.set(domain, await server.listen())
    peers.set(domain, server)
  }
  const assets = stack.use(
    new CaptureServer({ identity: identityOf(names.assetHost), isPublic: true }),
  )
  const upstream = stack.use(new CaptureServer({ socketPath: join(directory, 'ds.sock') }))
  await upstream.listen()
  const assetsPort = await assets.listen()
  const signals = stack.use(recordSignals(options.spans))
  return { peers, upstream, assets, identityOf, signals, ports: { peerPorts: ports, assetsPort } }
}

interface GatewayInput {
  readonly options: WorldOptions
  readonly config: Config
  readonly clock: () => number
  readonly randomness: Randomness
  readonly signals: RecordedSignals
}

/** As gateway.ts does it, without what needs no proof: reload, admin listener, delivery service. */
async function openGateway(
  stack: AsyncDisposableStack,
  { options, config, clock, randomness, signals }: GatewayInput,
) {
  const { log, metrics } = signals
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 })
  const store = stack.use(await openGatewayStore(config.dataDirectory))
  const receipts = stack.use(await openReceipts({ provider: config.provider, store, clock }))
  const keys = await loadKeys(config.keysDirectory, clock, randomness)
  const { handlers, bind } = lateHandlers()
  stack.use(await startInternalListener({ config, store, handlers, clock, log }))
  const url = `unix:${join(options.directory, 'ds.sock')}`
  const upstream = stack.use(new Upstream({ url, clock, limits: config.limits.upstream }))
  const identity = await readTlsIdentity(config)
  const signer = hubSigner(keys.active('hub-signing').key, config.provider)
  const use = without(transforms, options.removed)
  const shared = { config, store, receipts, keys, signer, identity, upstream, log, clock }
  const opened = await openPipelineParts({ ...shared, randomness, metrics, transforms: use })
  const { parts, requirements, notices, unnamed } = opened
  stack.use(unnamed.spent)
  stack.use(opened.verifier)
  stack.use(parts.peerClients)
  stack.use(parts.assets)
  stack.use(parts.outbox)
  const pipeline = createPipeline(parts)
  const labels = createLabels({ ...parts, documents: requirements.documents })
  const statuses = openStatusDesk(parts)
  bind(internalHandlers(parts, pipeline, { signer, labels, notices, statuses }))
  await parts.outbox.start()
  const peers = stack.use(
    await startPeersListener({
      config,
      identity,
      parts,
      requirements,
      notices,
      statuses,
      pipeline,
      clock,
      log,
    }),
  )
  return { parts, store, peersPort: Number(new URL(peers.url).port) }
}

async function readIdentities({
  ca,
  providers,
}: WorldCertificates): Promise<ReadonlyMap<string, TlsIdentity>> {
  const authority = await readFile(ca)
  const identities = new Map<string, TlsIdentity>()
  for (const [domain, { certificate, key }] of providers)
    identities.set(domain, {
      certificate: await readFile(certificate),
      key: await readFile(key),
      authorities: [authority],
    })
  return identities
}

function directoryOf(domain: string): Buffer {
  return buildDirectory({
    baseUrl: `https://${domain}`,
    operations: mimiAdapter.operations,
    protocolDrafts: ['draft-ietf-mimi-protocol-06'],
  })
}
