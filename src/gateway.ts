import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startAdminListener } from './admin/admin-listener.ts'
import type { ControlHandlers } from './admin/control-api.ts'
import { startControlSocket } from './admin/control-socket.ts'
import { createLimitHandlers } from './admin/limits-handlers.ts'
import { createReceiptHandlers } from './admin/receipts-handlers.ts'
import { createRequirementsHandlers } from './admin/requirements-handlers.ts'
import { createSanctionHandlers } from './admin/sanctions-handlers.ts'
import { createAttachmentSource } from './assembly/attachment-source.ts'
import { startCases } from './assembly/case-desk.ts'
import { controlHandlers } from './assembly/control-handlers.ts'
import { createCredentialDesk } from './assembly/credential-desk.ts'
import { openDecisionLog } from './assembly/decision-log.ts'
import { openExports } from './assembly/exports.ts'
import { openFeeds, startFeeds } from './assembly/feeds.ts'
import { internalHandlers, lateHandlers } from './assembly/internal-handlers.ts'
import { createKeyHandlers, recordRotation } from './assembly/key-handlers.ts'
import { createLabels } from './assembly/labels.ts'
import { openIssuer, startIssuer } from './assembly/issuer.ts'
import {
  startInternalListener,
  startPeersListener,
  startTokensListener,
} from './assembly/listeners.ts'
import { noticeHandlers, startNotices } from './assembly/notices.ts'
import { openPipelineParts, readTlsIdentity } from './assembly/pipeline-parts.ts'
import { createPseudonymDesk } from './assembly/pseudonym-desk.ts'
import { policyHandlers } from './assembly/policy-handlers.ts'
import { applyReload } from './assembly/reload.ts'
import { openStatusDesk } from './assembly/report-status.ts'
import { openReceipts, sealReceipts, startReceipts } from './assembly/receipts.ts'
import { startRequirements } from './assembly/requirements.ts'
import { startFollowUps } from './assembly/report-desk.ts'
import { startRetention } from './assembly/retention.ts'
import { startSanctions } from './assembly/sanctions.ts'
import { openGatewayStore } from './assembly/stores.ts'
import type { GatewayUrls } from './cli/greeting.ts'
import { Upstream } from './delivery/upstream.ts'
import { loadKeys } from './keys/key-files.ts'
import { removeStale } from './listener/bind.ts'
import type { Clock } from './model/clock.ts'
import { createSanctionPort } from './pipeline/apply-sanction.ts'
import { createPipeline } from './pipeline/pipeline.ts'
import { BundleLedger } from './policy/bundle-ledger.ts'
import type { PolicyHolder } from './policy/policy-holder.ts'
import { hubSigner } from './protocols/mimi/seal-group-info.ts'
import { startReferenceDs, type ReferenceDs } from './reference-ds/start.ts'
import type { Config } from './settings/config.ts'
import { reloadConfig } from './settings/reload.ts'
import type { Log } from './signals/log.ts'
import { createMetrics } from './signals/metrics.ts'
import { metricsText, otlpDecisions } from './telemetry.ts'

/** A running gateway. Disposing of it ends it at once; `drain` first lets it finish. */
export interface Gateway extends AsyncDisposable {
  readonly urls: GatewayUrls
  /** Refuses new work; resolves when what is under way has ended or `signal` aborted it. */
  drain(signal: AbortSignal): Promise<void>
  /**
   * Applies a configuration, all or nothing; resolves to what needs a restart to take effect.
   * Throws `GatewayError` before anything changed.
   */
  reload(config: Config): Promise<readonly string[]>
}

export interface GatewayContext {
  readonly readConfig: () => Promise<Config>
  readonly version: string
  /** For tests: the time, in ms. */
  readonly clock?: Clock
}

/** Composes and starts everything: the one place that knows which part is which. */
export async function startGateway(
  config: Config,
  log: Log,
  context: GatewayContext,
): Promise<Gateway> {
  await using stack = new AsyncDisposableStack()
  const clock = context.clock ?? Date.now
  const inside = await openInside(stack, { config, log, clock })
  const outside = await openOutside(stack, { ...inside, ...context, config, log, clock })
  const running = await openControl(stack, { ...outside, ...context, config, log, clock })
  const owned = stack.move()
  return { ...running, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

interface Setting {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
}

/** What has no peers: store, keys, the internal listener and the delivery service. */
async function openInside(stack: AsyncDisposableStack, { config, log, clock }: Setting) {
  // A second process on the same data would meet the control socket of the first.
  await removeStale(config.listeners.admin.socket)
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 })
  const store = stack.use(await openGatewayStore(config.dataDirectory))
  const receipts = stack.use(await openReceipts({ provider: config.provider, store, clock }))
  const keys = await loadKeys(config.keysDirectory, clock)
  const { handlers, bind } = lateHandlers()
  const internal = stack.use(await startInternalListener({ config, store, handlers, clock, log }))
  const ds = config.upstream === undefined ? stack.use(await startEmbeddedDs()) : undefined
  const url = config.upstream?.url ?? ds?.upstreamUrl ?? ''
  const upstream = stack.use(new Upstream({ url, clock, limits: config.limits.upstream }))
  const metrics = createMetrics()
  const { attesterUrl } = ds ?? {}
  const randomness = randomBytes
  const issuer = await openIssuer({
    config,
    store,
    keys,
    attesterUrl,
    metrics,
    clock,
    randomness,
  })
  if (issuer !== undefined) stack.use(issuer)
  return {
    store,
    receipts,
    keys,
    internal,
    bind,
    clients: ds?.clientUrl,
    upstream,
    issuer,
    metrics,
  }

  function startEmbeddedDs(): Promise<ReferenceDs> {
    return startReferenceDs({
      domain: config.provider,
      storePath: join(config.dataDirectory, 'reference-ds.sqlite'),
      gatewayUrl: internal.url,
      host: config.ds.host,
      port: config.ds.port,
      clock,
    })
  }
}

type Inside = Setting & GatewayContext & Awaited<ReturnType<typeof openInside>>

/** The pipeline, and the listener for other providers in front of it. */
async function openOutside(stack: AsyncDisposableStack, inside: Inside) {
  const { config, log, clock, store, receipts, keys, upstream, bind, issuer, metrics } = inside
  const identity = await readTlsIdentity(config)
  const signer = hubSigner(keys.active('hub-signing').key, config.provider)
  const shared = { config, store, receipts, keys, signer, identity, upstream, clock }
  const signals = { log, metrics, randomness: randomBytes }
  const decisionLog = stack.use(openDecisionLog({ ...inside, ...signals, otlp: otlpDecisions }))
  const { parts, requirements, notices, unnamed, verifier, bindCases } = await openPipelineParts({
    ...shared,
    ...signals,
    decisionLog,
    tokens: issuer?.stated,
    tokenKeys: issuer?.messageKeys,
  })
  stack.use(unnamed.spent)
  stack.use(verifier)
  stack.use(parts.peerClients)
  stack.use(parts.assets)
  stack.use(parts.limiter)
  stack.use(parts.outbox)
  const exports = openExports({ config, store, parts, notices, log })
  stack.use(startRetention({ ...parts, ...unnamed, notices, exports }, log))
  parts.metrics.observe('queueLength', () => parts.outbox.counts().waiting)
  parts.metrics.observe('policiesLoaded', () => loadedAtSeconds(parts.policies))
  const pipeline = createPipeline(parts)
  const labels = createLabels({ ...parts, documents: requirements.documents })
  const statuses = openStatusDesk(parts)
  bind(internalHandlers(parts, pipeline, { signer, labels, notices, statuses }))
  stack.use(await startSanctions(parts, log))
  bindCases({
    sanctions: createSanctionPort(parts),
    fetchAttachment: createAttachmentSource({ pipeline, ...parts }),
  })
  stack.use(startCases(parts.cases, log))
  stack.use(startFollowUps(parts.reports, log))
  await parts.outbox.start()
  const outer = { ...inside, identity, parts, requirements, notices, statuses, pipeline }
  const peers = stack.use(await startPeersListener(outer))
  const pseudonyms = createPseudonymDesk({ ...unnamed, parts, clock })
  const { arc } = unnamed
  const credentials = arc && createCredentialDesk({ parts, arc, clock })
  const tokens = await startTokensListener({ ...outer, pseudonyms, credentials })
  if (tokens !== undefined) stack.use(tokens)
  const onRotated = () => recordRotation(parts, 'token-issuer')
  if (issuer !== undefined) stack.use(startIssuer(issuer, { log, clock, onRotated }))
  stack.use(startNotices(notices))
  stack.use(startRequirements(requirements, { peers: parts.peers, log }))
  stack.use(startReceipts({ receipts, own: requirements.own, keys, log }))
  const feeds = await openFeeds({ ...inside, parts, randomness: randomBytes })
  stack.use(startFeeds(feeds))
  return { ...inside, parts, feeds, unnamed, requirements, notices, exports, labels, peers, tokens }
}

type Outside = Setting & GatewayContext & Awaited<ReturnType<typeof openOutside>>

/** The operator's side, and what the process may do with the running whole. */
async function openControl(
  stack: AsyncDisposableStack,
  outside: Outside,
): Promise<Omit<Gateway, typeof Symbol.asyncDispose>> {
  const { log, clock, readConfig, version, store, parts, feeds } = outside
  const { labels, peers, internal, tokens } = outside
  let { config } = outside
  let draining = false
  const reload = async (next: Config): Promise<readonly string[]> => {
    const listener = peers.listener
    const ledger = new BundleLedger(store)
    const shared = { ...outside, randomness: randomBytes }
    const reloaded = { ...shared, peers: listener, ledger }
    const restart = await applyReload({ ...reloaded, before: config, next })
    config = next
    return restart
  }
  const handlers = controlHandlers({
    parts,
    labels,
    issuer: outside.issuer,
    feeds,
    version,
    startedAtMs: clock(),
    draining: () => draining,
    reload: () => reloadConfig(readConfig, reload),
  })
  const admin = await openOperatorSide(stack, { ...outside, handlers, current: () => config })
  await parts.upstream.probe()
  log.info('gateway.started', { peers: config.peers.size })
  if (config.experimental.arc) log.warn('experimental.arc')
  if (config.experimental.batchedTokens) log.warn('experimental.batched-tokens')
  return {
    urls: {
      peers: peers.url,
      internal: internal.url,
      admin: admin.url,
      clients: outside.clients,
      tokens: tokens?.url,
    },
    reload,
    drain: async (signal) => {
      draining = true
      const listeners = [peers, internal, ...(tokens === undefined ? [] : [tokens])]
      const drained = listeners.map(({ listener }) => listener.drain(signal))
      parts.sanctions.endWaits()
      outside.notices.moderatorNotices.endWaits()
      await Promise.all(drained)
      await parts.outbox.drain(signal)
      await parts.decisionLog.flush()
      await Promise.all([parts.journal.flush(), parts.receipts.flush()])
    },
  }
}

type OperatorSide = Outside & {
  readonly handlers: ControlHandlers
  /** The configuration in force. */
  readonly current: () => Config
}

/** The admin listener and the control socket. */
async function openOperatorSide(stack: AsyncDisposableStack, side: OperatorSide) {
  const { config, current, log, keys, parts, requirements, handlers } = side
  const { receipts } = parts
  const { host, port, socket } = config.listeners.admin
  const { health } = handlers
  const admin = stack.use(await startAdminListener({ host, port, health, metricsText, log }))
  stack.use(
    await startControlSocket({
      path: socket,
      handlers,
      requirements: createRequirementsHandlers({
        ...requirements,
        ...parts,
        fetch: (call) => parts.peerClients.document(call),
      }),
      policies: policyHandlers({ parts, requirements, config: current, log }),
      receipts: createReceiptHandlers({
        receipts,
        seal: () => sealReceipts({ receipts, own: requirements.own, keys }),
      }),
      sanctions: createSanctionHandlers({
        ...parts,
        book: parts.sanctions,
        port: createSanctionPort(parts),
      }),
      notices: noticeHandlers({ ...parts, keys, log, notices: side.notices }),
      keys: createKeyHandlers({ ...side, ...parts, publish: () => requirements.publish() }),
      limits: createLimitHandlers({ ...parts, standings: () => side.unnamed.standing.list() }),
      cases: parts.cases,
      feeds: side.feeds,
      exports: side.exports,
      log,
    }),
  )
  return admin
}

function loadedAtSeconds(policies: PolicyHolder): number {
  return (policies.sets()[0]?.loadedAtMs ?? NaN) / 1_000
}
