import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDevelopmentCertificates } from '../../src/cli/development-certificates.ts'
import { MimiClient } from '../../src/client/mimi-client.ts'
import type { TlsIdentity } from '../../src/delivery/tls-identity.ts'
import { startGateway, type Gateway } from '../../src/gateway.ts'
import { startReferenceDs } from '../../src/reference-ds/start.ts'
import type { Config } from '../../src/settings/config.ts'
import { parseConfig } from '../../src/settings/parse.ts'
import { createLog } from '../../src/signals/log.ts'

export interface ProviderOptions {
  readonly domain: string
  readonly policies?: string
  readonly rooms?: { profile: string; region: string }
  /** What its configuration says of the other providers, unless `peerOf` says it. */
  readonly peerOf?: (domain: string) => object
  /** Providers in its configuration that do not run. */
  readonly otherPeers?: Readonly<Record<string, object>>
  /** More of postern.yaml. */
  readonly extra?: object
  /** Whether it has a listener for clients that ask for tokens; on a free port. */
  readonly tokens?: boolean
  /** Puts this in front of its reference DS, which then runs beside the gateway, not in it. */
  readonly upstream?: { readonly url: string; target: string }
  /** The gateway's time. */
  readonly clock?: () => number
}

export interface Provider extends AsyncDisposable {
  readonly domain: string
  /** The running gateway; another one after `restart`. */
  readonly gateway: Gateway
  readonly directory: string
  /** Its certificate and key, which other providers trust. */
  readonly identity: TlsIdentity
  /** The lines of its log. */
  readonly log: () => string
  /** Registers a client of `name`; device `1` unless given. */
  client(name: string, options?: { device?: string; extra?: object }): Promise<MimiClient>
  /** Its configuration, with these keys of postern.yaml instead of its own. */
  config(changes?: object): Config
  /** Its postern.yaml. */
  readonly text: string
  stop(): Promise<void>
  /** Starts it again on the same ports and files. */
  start(changes?: object): Promise<void>
}

export interface Federation extends Map<string, Provider>, AsyncDisposable {
  /** Throws where there is no such provider. */
  provider(domain: string): Provider
  /** A certificate of a domain that the authority of all knows and no configuration names. */
  stranger(domain: string): Promise<TlsIdentity>
}

/** Real gateways in this process, each with its reference DS, that know each other over mutual TLS. */
export async function startFederation(
  directory: string,
  providers: readonly ProviderOptions[],
): Promise<Federation> {
  await using stack = new AsyncDisposableStack()
  const domains = providers.map(({ domain }) => domain)
  const certify = async (names: readonly string[]) =>
    createDevelopmentCertificates({
      directory: join(directory, 'certificates'),
      domains: names,
      now: Date.now(),
    })
  const certificates = await certify(domains)
  const ports = new Map<string, readonly number[]>()
  for (const domain of domains) ports.set(domain, await freePorts(4))
  const started = new Map<string, Provider>()
  for (const options of providers) {
    const { domain } = options
    const files = certificates.providers.get(domain)
    if (files === undefined) throw new Error('no certificate')
    const written = configuration({ options, domains, ports, files, ca: certificates.ca })
    const identity = await readIdentity(certificates, domain)
    const provider = await startProvider(join(directory, domain), { options, written, identity })
    started.set(domain, stack.use(provider))
  }
  const owned = stack.move()
  return Object.assign(started, {
    provider: (domain: string) => {
      const provider = started.get(domain)
      if (provider === undefined) throw new Error('no such provider')
      return provider
    },
    stranger: async (domain: string) => readIdentity(await certify([domain]), domain),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  })
}

interface ConfigurationInput {
  readonly options: ProviderOptions
  readonly domains: readonly string[]
  readonly ports: ReadonlyMap<string, readonly number[]>
  readonly files: { readonly certificate: string; readonly key: string }
  readonly ca: string
}

function configuration({ options, domains, ports, files, ca }: ConfigurationInput): object {
  const [peers, internal, admin, ds] = ports.get(options.domain) ?? []
  const others = domains.filter((domain) => domain !== options.domain)
  const profile = { allow: true, class: 'contracted', region: 'EU', agreement: true }
  return {
    provider: options.domain,
    listeners: {
      peers: { host: '127.0.0.1', port: peers, ...files, ca },
      internal: { host: '127.0.0.1', port: internal },
      admin: { host: '127.0.0.1', port: admin },
      ...(options.tokens === true && { tokens: { host: '127.0.0.1', port: 0 } }),
    },
    ds: { host: '127.0.0.1', port: ds },
    policies: options.policies ?? 'consumer',
    ...(options.rooms === undefined ? {} : { rooms: options.rooms }),
    peers: {
      ...Object.fromEntries(
        others.map((domain) => [
          domain,
          {
            ...profile,
            address: `127.0.0.1:${ports.get(domain)?.[0]}`,
            ...options.peerOf?.(domain),
          },
        ]),
      ),
      ...options.otherPeers,
    },
    ...(options.upstream === undefined ? {} : { upstream: { url: options.upstream.url } }),
    ...options.extra,
  }
}

interface ProviderStart {
  readonly options: ProviderOptions
  readonly written: object
  readonly identity: TlsIdentity
}

async function startProvider(
  directory: string,
  { options, written, identity }: ProviderStart,
): Promise<Provider> {
  const { domain, upstream, clock = Date.now } = options
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => void lines.push(line) })
  const overrides = { dataDirectory: directory, logLevel: undefined }
  let now = written
  const config = (changes: object = {}): Config =>
    parseConfig('test', JSON.stringify({ ...now, ...changes }), overrides)
  const readConfig = () => Promise.resolve(config())
  const run = () => startGateway(config(), log, { readConfig, version: 'test', clock })
  let gateway = await run()
  let running = true
  const ds =
    upstream === undefined
      ? undefined
      : await startReferenceDs({
          domain,
          storePath: join(directory, 'reference-ds.sqlite'),
          gatewayUrl: gateway.urls.internal,
          clock: () => Date.now(),
        })
  if (upstream !== undefined && ds !== undefined) upstream.target = ds.upstreamUrl
  const stop = async (): Promise<void> => {
    if (!running) return
    running = false
    await gateway[Symbol.asyncDispose]()
  }
  return {
    domain,
    get gateway() {
      return gateway
    },
    directory,
    identity,
    log: () => lines.join(''),
    config,
    text: JSON.stringify(written),
    stop,
    start: async (changes = {}) => {
      now = { ...now, ...changes }
      gateway = await run()
      running = true
    },
    client: (name, { device = '1', extra = {} } = {}) =>
      MimiClient.register({
        url: ds?.clientUrl ?? gateway.urls.clients ?? '',
        user: `mimi://${domain}/u/${name}`,
        client: `mimi://${domain}/d/${name}-${device}`,
        clock: () => Date.now(),
        ...(gateway.urls.tokens === undefined ? {} : { tokensUrl: gateway.urls.tokens }),
        ...extra,
      }),
    [Symbol.asyncDispose]: async () => {
      await stop()
      await ds?.[Symbol.asyncDispose]()
    },
  }
}

type Certificates = Awaited<ReturnType<typeof createDevelopmentCertificates>>

async function readIdentity({ ca, providers }: Certificates, domain: string): Promise<TlsIdentity> {
  const files = providers.get(domain)
  if (files === undefined) throw new Error('no certificate')
  return {
    certificate: await readFile(files.certificate),
    key: await readFile(files.key),
    authorities: [await readFile(ca)],
  }
}

/** Ports that were free a moment ago, outside the range that the system gives to whoever asks. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = randomInt(PORT_MIN, PORT_MAX)
    if (!given.has(port) && (await isFree(port))) ports.push(port)
    given.add(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}

const given = new Set<number>()
const PORT_MIN = 10_000
const PORT_MAX = 32_000
