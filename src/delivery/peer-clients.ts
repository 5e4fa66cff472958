import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { assetLimitDefaults, type AssetLimits } from './asset-limits.ts'
import type { HttpAnswer } from './http-call.ts'
import {
  peerLimitDefaults,
  type PeerAnswer,
  type PeerCall,
  type PeerDocumentCall,
  type PeerDownload,
  type PeerDownloaded,
  type PeerLimits,
  type PeerPostCall,
} from './peer-call.ts'
import type { ParseDirectory } from './peer-directory.ts'
import { PeerLink } from './peer-link.ts'
import type { Resolve } from './public-address.ts'
import { tlsContext, type TlsIdentity } from './tls-identity.ts'
import { safeWord } from '../signals/log-safe.ts'
import { withSpan } from '../signals/spans.ts'

export interface PeerClientsOptions {
  /** Our own domain, said in `From`. */
  readonly domain: ProviderDomain
  readonly identity: TlsIdentity
  readonly parseDirectory: ParseDirectory
  readonly clock: Clock
  /** `host:port` to connect to instead of the peer's public address; the name stays the domain's. */
  readonly addressOf?: (peer: ProviderDomain) => string | undefined
  readonly resolve?: Resolve
  readonly limits?: Partial<PeerLimits>
  /** Of downloads, for each peer. */
  readonly downloads?: Partial<AssetLimits> | undefined
}

/** Our side of every connection to other providers: mutual TLS, one pool and one breaker per peer. */
export class PeerClients {
  private readonly options: PeerClientsOptions
  private readonly limits: PeerLimits
  private readonly downloads: AssetLimits
  private readonly links = new Map<ProviderDomain, PeerLink>()
  private context

  constructor(options: PeerClientsOptions) {
    this.options = options
    this.limits = { ...peerLimitDefaults, ...options.limits }
    this.downloads = { ...assetLimitDefaults, ...options.downloads }
    this.context = tlsContext(options.identity)
  }

  /**
   * Any complete answer is a result, whatever its status. Throws `peer-unreachable`, `peer-timeout`,
   * `peer-invalid`, `directory-invalid`, `unsupported-operation`, `queue-full`, `draining`.
   */
  async call(call: PeerCall): Promise<PeerAnswer> {
    const facts = { operation: safeWord(call.operation) }
    return withSpan('peer', facts, () => this.link(call.peer).call(call))
  }

  /**
   * The head of an answer with the body to come. Throws what `call` throws; the stream fails with those
   * codes where it is cut off or beyond its bounds.
   */
  async download(call: PeerDownload): Promise<PeerDownloaded> {
    return this.link(call.peer).download(call)
  }

  /**
   * Redirects are not followed. Leaves the breaker alone: a document that cannot be had is no reason to
   * stop other calls. Throws `peer-unreachable`, `peer-timeout`, `peer-invalid`, `queue-full`, `draining`.
   */
  async document(call: PeerDocumentCall): Promise<HttpAnswer> {
    return this.link(call.peer).document(call)
  }

  /** As `document`, for what is handed over. */
  async post(call: PeerPostCall): Promise<PeerAnswer> {
    return this.link(call.peer).post(call)
  }

  /** New connections use `identity`; those that are open live on until they are idle. */
  async renew(identity: TlsIdentity): Promise<void> {
    this.context = tlsContext(identity)
    const old = [...this.links.values()]
    this.links.clear()
    await Promise.all(old.map((link) => link.close()))
  }

  /** Waits for what is in flight. */
  async close(): Promise<void> {
    await Promise.all([...this.links.values()].map((link) => link.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.links.values()].map((link) => link.destroy()))
  }

  private link(peer: ProviderDomain): PeerLink {
    const known = this.links.get(peer)
    if (known !== undefined) return known
    if (this.links.size >= this.limits.peersMax) this.evict()
    const { domain, parseDirectory, clock, addressOf, resolve } = this.options
    const link = new PeerLink({
      peer,
      domain,
      parseDirectory,
      clock,
      resolve,
      address: addressOf?.(peer),
      context: this.context,
      limits: this.limits,
      downloads: this.downloads,
    })
    this.links.set(peer, link)
    return link
  }

  private evict(): void {
    let oldest: [ProviderDomain, PeerLink] | undefined
    for (const entry of this.links)
      if (entry[1].idle && (oldest === undefined || entry[1].usedAtMs < oldest[1].usedAtMs))
        oldest = entry
    if (oldest === undefined) throw new GatewayError('queue-full')
    this.links.delete(oldest[0])
    void oldest[1].destroy()
  }
}
