import { finished } from 'node:stream'
import { Agent, buildConnector } from 'undici'
import { parseAssetHost, type AssetHost, type AssetUrl } from '../model/asset-url.ts'
import { GatewayError } from '../model/errors.ts'
import type { StreamedBody } from '../model/handle.ts'
import type { ProviderDomain } from '../model/ids.ts'
import { assetLimitDefaults, type AssetLimits } from './asset-limits.ts'
import type { CallFaults } from './http-call.ts'
import { parseAddress } from './peer-link.ts'
import { publicLookup, type Resolve } from './public-address.ts'
import { streamedGet } from './streamed-get.ts'

/** Whose assets a host keeps. */
export interface AssetHome {
  readonly provider: ProviderDomain
  /** `host:port` to connect to instead of the host's public address; the name stays the host's. */
  readonly address: string | undefined
}

export type AssetHomes = ReadonlyMap<AssetHost, AssetHome>

export interface AssetProxyOptions {
  readonly homes: AssetHomes
  /** PEM of the authorities that hosts' certificates come from; undefined: those that come with Node. */
  readonly authorities?: readonly (string | Buffer)[] | undefined
  readonly resolve?: Resolve | undefined
  readonly limits?: Partial<AssetLimits> | undefined
}

export interface AssetFetch {
  readonly url: AssetUrl
  /** For whom: whose share of the downloads under way it takes. */
  readonly requester: ProviderDomain
  readonly signal: AbortSignal
}

/**
 * Fetches assets so that their host does not learn who wants them: no header of a requester reaches it,
 * and we show it no certificate. INVARIANT: hosts outside `homes` are never connected to, and without a
 * configured address only at a public address that the host's name resolved to.
 */
export class AssetProxy {
  private homes: AssetHomes
  private readonly limits: AssetLimits
  private readonly agent: Agent
  private readonly inFlight = new Map<ProviderDomain, number>()
  private inFlightCount = 0

  constructor({ homes, authorities, resolve, limits }: AssetProxyOptions) {
    this.homes = homes
    this.limits = { ...assetLimitDefaults, ...limits }
    this.agent = this.openAgent(authorities, resolve)
  }

  /** Takes a new configuration in one step; what is under way goes on. */
  allow(homes: AssetHomes): void {
    this.homes = homes
  }

  /** Throws `asset-not-allowed`. */
  homeOf({ host }: AssetUrl): AssetHome {
    const home = this.homes.get(host)
    if (home === undefined) throw new GatewayError('asset-not-allowed')
    return home
  }

  /**
   * The asset's octets, whatever type their host gives them. Throws `asset-not-allowed`, `not-found`
   * where there is no such asset, `queue-full`, `peer-unreachable`, `peer-timeout`, `draining`, and
   * `peer-invalid` for every other answer, such as a redirect or a body beyond the limit.
   */
  async fetch({ url, requester, signal }: AssetFetch): Promise<StreamedBody> {
    this.homeOf(url)
    const release = this.enter(requester)
    try {
      const { status, body } = await streamedGet(this.agent, {
        origin: `https://${url.host}`,
        path: url.path,
        headers: ['accept-encoding', 'identity'],
        limits: this.limits,
        faults,
        signal,
      })
      if (body === undefined)
        throw new GatewayError(NOT_FOUND.has(status) ? 'not-found' : 'peer-invalid')
      finished(body.stream, release)
      return body
    } catch (error) {
      release()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.destroy()
  }

  private enter(requester: ProviderDomain): () => void {
    const { inFlight, limits } = this
    const count = inFlight.get(requester) ?? 0
    if (this.inFlightCount >= limits.inFlightMax || count >= limits.inFlightPerPeerMax)
      throw new GatewayError('queue-full', { retryAfterMs: QUEUE_RETRY_MS })
    inFlight.set(requester, count + 1)
    this.inFlightCount += 1
    return () => {
      const left = (inFlight.get(requester) ?? 1) - 1
      if (left > 0) inFlight.set(requester, left)
      else inFlight.delete(requester)
      this.inFlightCount -= 1
    }
  }

  private openAgent(
    authorities: AssetProxyOptions['authorities'],
    resolve: Resolve | undefined,
  ): Agent {
    const { connectMs, connectionsMax, idleMs } = this.limits
    const tls = {
      minVersion: 'TLSv1.3',
      allowH2: false,
      timeout: connectMs,
      ...(authorities === undefined ? {} : { ca: [...authorities] }),
    } as const
    const toAddress = buildConnector(tls)
    const toPublic = buildConnector({ ...tls, lookup: publicLookup(resolve) })
    return new Agent({
      connect: (options, callback) => {
        const home = this.homes.get(parseAssetHost(options.hostname))
        const servername = options.hostname
        if (home === undefined) callback(new GatewayError('asset-not-allowed'), null)
        else if (home.address === undefined) toPublic({ ...options, servername }, callback)
        else toAddress({ ...options, ...parseAddress(home.address), servername }, callback)
      },
      connections: connectionsMax,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: idleMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_BYTES_MAX,
    })
  }
}

const faults: CallFaults = {
  unreachable: 'peer-unreachable',
  timeout: 'peer-timeout',
  invalid: 'peer-invalid',
}
const NOT_FOUND: ReadonlySet<number> = new Set([404, 410])
const HEADER_BYTES_MAX = 16_384
const QUEUE_RETRY_MS = 1_000
