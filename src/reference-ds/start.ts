import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Clock, Randomness } from '../model/clock.ts'
import { parseProviderDomain } from '../model/ids.ts'
import { openStore } from '../sqlite/store.ts'
import { clientListener } from './client-listener.ts'
import type { DsContext, DsLog, Standing } from './context.ts'
import { EventQueues } from './event-queues.ts'
import { FanoutLanes } from './fanout-lanes.ts'
import { followGateway } from './follow-gateway.ts'
import { GatewayLink } from './gateway-link.ts'
import { KeyedMutex } from './keyed-mutex.ts'
import { Rooms } from './rooms.ts'
import { passReportNotices } from './report-notices.ts'
import { applySanctions } from './sanctions.ts'
import { referenceDsMigrations } from './schema.ts'
import { failOpenSubmissions } from './submissions.ts'
import { upstreamListener } from './upstream-listener.ts'

export interface ReferenceDsOptions {
  readonly domain: string
  /** The SQLite file; made when it is not there. */
  readonly storePath: string
  /** The gateway's internal listener: `http://host:port` or `unix:/path/of.sock`. */
  readonly gatewayUrl: string
  /** Of both listeners; a loopback address unless the network between is private. */
  readonly host?: string
  /** Of the client API; 0, the default, takes a free one. */
  readonly port?: number
  /** Of the endpoints for the gateway; 0, the default, takes a free one. */
  readonly upstreamPort?: number
  readonly clock: Clock
  readonly randomness?: Randomness
  /** Whether messages of the epoch before the current one are accepted. Default: no. */
  readonly previousEpochAccepted?: boolean
  /** In which standing a user is, for the issuer of tokens. Default: `normal`. */
  readonly standing?: (user: string) => Standing
  /** The pause before a fan-out is tried again, in ms. Default: 100 ms, doubled up to 30 s. */
  readonly retryDelayMs?: (attempt: number) => number
  readonly log?: DsLog
}

export interface ReferenceDs extends AsyncDisposable {
  /** The client API, up to and without `/client/v1`. */
  readonly clientUrl: string
  /** The endpoints for the gateway, `/upstream/v1` included: what `{upstream}` is in docs/internal-api.md. */
  readonly upstreamUrl: string
  /** Where the issuer asks whose credentials these are: docs/issuer.md. */
  readonly attesterUrl: string
  close(): Promise<void>
}

/**
 * Starts the embedded delivery service: a small but real MIMI hub and follower behind the gateway, for
 * first steps, demo and tests. Resumes fan-outs that a run before has left. Throws
 * `migration-mismatch`, `store-unavailable`, `invalid-domain`.
 */
export async function startReferenceDs(options: ReferenceDsOptions): Promise<ReferenceDs> {
  const { host = '127.0.0.1', port = 0, upstreamPort = 0 } = options
  const domain = parseProviderDomain(options.domain)
  const store = await openStore({ path: options.storePath, migrations: referenceDsMigrations })
  await failOpenSubmissions({ store })
  const gateway = new GatewayLink(options.gatewayUrl)
  const ctx: Omit<DsContext, 'lanes'> = {
    domain,
    store,
    gateway,
    clock: options.clock,
    randomness: options.randomness ?? randomBytes,
    queues: new EventQueues(store),
    rooms: new Rooms(store),
    mutex: new KeyedMutex(),
    previousEpochAccepted: options.previousEpochAccepted ?? false,
    standing: options.standing ?? (() => 'normal'),
    log: options.log ?? (() => {}),
  }
  const lanes = new FanoutLanes(ctx, options.retryDelayMs)
  const servers = [clientListener({ ...ctx, lanes }), upstreamListener({ ...ctx, lanes })] as const
  let following: Promise<unknown> | undefined
  const end = async () => {
    const closed = Promise.all(servers.map((server) => server.close()))
    await gateway[Symbol.asyncDispose]()
    await closed
    await lanes.idle()
    await following
    await store[Symbol.asyncDispose]()
  }
  let ending: Promise<void> | undefined
  const close = () => (ending ??= end())
  try {
    const clientUrl = await listen(servers[0], host, port)
    const inner = await listen(servers[1], host, upstreamPort)
    const urls = { upstreamUrl: `${inner}/upstream/v1`, attesterUrl: `${inner}/attest/v1` }
    lanes.start()
    following = Promise.all(
      [applySanctions, passReportNotices].map((take) => followGateway({ ...ctx, lanes }, take)),
    )
    return { clientUrl, ...urls, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  return server.listen({ host, port })
}
