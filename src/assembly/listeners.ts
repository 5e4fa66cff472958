import { AnswerStore } from '../delivery/answer-store.ts'
import type { TlsIdentity } from '../delivery/tls-identity.ts'
import { InternalListener } from '../listener/internal-listener.ts'
import type { InternalHandlers } from '../listener/internal-handlers.ts'
import { PeersListener } from '../listener/peers-listener.ts'
import type { PublishedRequirements } from '../listener/requirements-routes.ts'
import type { CredentialDesk, PseudonymDesk } from '../listener/token-desks.ts'
import { TokensListener } from '../listener/tokens-listener.ts'
import { pageSecurityPolicy } from '../metadata/html.ts'
import { requirementsPage } from '../metadata/requirements/page.ts'
import type { Clock } from '../model/clock.ts'
import { messageBytesMax, messageContentType, noticesPath } from '../notices/signed-message.ts'
import {
  reportStatusBytesMax,
  reportStatusPath,
  type StatusDesk,
} from '../notices/report-status.ts'
import { requirementsPath } from '../peers/fetch-document.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { mimiAdapter } from '../protocols/mimi/adapter.ts'
import { methodOf, requestBytesMax } from '../protocols/mimi/bounds.ts'
import { buildDirectory } from '../protocols/mimi/directory.ts'
import type { Config } from '../settings/config.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import type { Issuer } from './issuer.ts'
import type { Notices } from './notices.ts'
import type { Requirements } from './requirements.ts'
import { protocolDrafts } from './stated-content.ts'

/** Every operation that we serve, with the octets that its requests may have. */
const operationLimits = mimiAdapter.operations.map((operation) => ({
  operation,
  method: methodOf(operation),
  path: `/${operation}`,
  bodyBytesMax: requestBytesMax(operation),
}))

export interface InternalListenerParts {
  readonly config: Config
  readonly store: Store
  readonly handlers: InternalHandlers
  readonly clock: Clock
  readonly log: Log
}

/** The listener for our own delivery service, listening. */
export async function startInternalListener(
  parts: InternalListenerParts,
): Promise<{ listener: InternalListener; url: string } & AsyncDisposable> {
  const { config, store, handlers, clock, log } = parts
  const listener = new InternalListener({
    handlers,
    operations: operationLimits,
    answers: new AnswerStore({ store, clock }),
    clock,
    limits: config.limits.listener,
    onFault: faultLog(log),
  })
  const endpoint = config.listeners.internal
  const port = await listener.listen(endpoint)
  const url =
    endpoint.kind === 'socket' ? `unix:${endpoint.path}` : `http://${endpoint.host}:${port}`
  return { listener, url, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() }
}

export interface PeersListenerParts {
  readonly config: Config
  readonly identity: TlsIdentity
  readonly parts: PipelineParts
  readonly requirements: Requirements
  readonly notices: Notices
  readonly statuses: StatusDesk
  readonly pipeline: Pick<Pipeline, 'handle'>
  readonly issuer?: Issuer | undefined
  readonly clock: Clock
  readonly log: Log
}

/** The listener for other providers, listening. */
export async function startPeersListener({
  config,
  identity,
  parts,
  requirements,
  notices,
  statuses,
  pipeline,
  issuer,
  clock,
  log,
}: PeersListenerParts): Promise<{ listener: PeersListener; url: string } & AsyncDisposable> {
  const directory = buildDirectory({
    baseUrl: `https://${config.provider}`,
    operations: mimiAdapter.operations,
    protocolDrafts,
    metadataRequirements: `https://${config.provider}${requirementsPath}`,
  })
  const listener = new PeersListener({
    identity,
    operations: operationLimits,
    handle: pipeline.handle,
    standing: (domain) => parts.peers.standing(domain),
    directory: () => directory,
    requirements: publishedRequirements(requirements, parts),
    issuerDirectory: issuer?.desk.directory,
    notices: {
      path: noticesPath,
      bytesMax: messageBytesMax,
      contentType: messageContentType,
      ...notices.desk,
    },
    reportStatus: {
      path: reportStatusPath,
      bytesMax: reportStatusBytesMax,
      contentType: 'application/json',
      ...statuses,
    },
    hosts: [config.provider],
    clock,
    limits: config.limits.listener,
    onFault: faultLog(log),
  })
  const { host, port } = config.listeners.peers
  const bound = await listener.listen({ host, port })
  return {
    listener,
    url: `https://${host}:${bound}`,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

export interface TokensListenerParts {
  readonly config: Config
  readonly issuer: Issuer | undefined
  /** Without it no room of ours takes pseudonyms there. */
  readonly pseudonyms?: PseudonymDesk | undefined
  /** Without it no credentials are issued. */
  readonly credentials?: CredentialDesk | undefined
  readonly log: Log
}

/** The listener for clients, listening; undefined where the configuration has none. */
export async function startTokensListener({
  config,
  issuer,
  pseudonyms,
  credentials,
  log,
}: TokensListenerParts): Promise<
  ({ listener: TokensListener; url: string } & AsyncDisposable) | undefined
> {
  const { tokens } = config.listeners
  if (tokens === undefined) return undefined
  const { host, port, forwardedFor } = tokens
  const { inFlightMax: _, ...limits } = config.limits.listener
  const listener = new TokensListener({
    issuer: issuer?.desk,
    pseudonyms,
    credentials,
    forwardedFor,
    limits,
    onFault: faultLog(log),
  })
  const bound = await listener.listen({ host, port })
  return {
    listener,
    url: `http://${host}:${bound}`,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

/** Each page is made once: documents do not change. */
function publishedRequirements(
  { own }: Requirements,
  { suites }: PipelineParts,
): PublishedRequirements {
  const pages = new Map<string, Buffer>()
  const policy = pageSecurityPolicy()
  return {
    current: () => own.current(),
    find: (digest) => own.find(digest),
    page: (signed) => {
      const known = pages.get(signed.digest)
      if (known !== undefined) return { html: known, policy }
      if (pages.size >= PAGES_MAX) pages.clear()
      const { declarations } = mimiAdapter
      const html = Buffer.from(requirementsPage({ signed, builtIn: suites, declarations }))
      pages.set(signed.digest, html)
      return { html, policy }
    },
  }
}

const PAGES_MAX = 16

/** Bugs are logged where they are answered; what has a code is counted and recorded elsewhere. */
function faultLog(log: Log): (fault: unknown) => void {
  return (fault) => {
    if (!isCoded(fault)) log.fault('request.failed', fault)
  }
}

function isCoded(fault: unknown): boolean {
  return fault instanceof Error && fault.name === 'GatewayError' && fault.message !== 'internal'
}
