import { createServer } from 'node:net'
import { join } from 'node:path'
import { createDevelopmentCertificates } from '../../src/cli/development-certificates.ts'
import { MimiClient } from '../../src/client/mimi-client.ts'
import { startGateway, type Gateway } from '../../src/gateway.ts'
import { parseConfig } from '../../src/settings/parse.ts'
import { createLog } from '../../src/signals/log.ts'

export interface ProviderOptions {
  readonly domain: string
  readonly policies?: string
  readonly rooms?: { profile: string; region: string }
  /** What its configuration says of the other providers, unless `peerOf` says it. */
  readonly peerOf?: (domain: string) => object
  /** More of postern.yaml. */
  readonly extra?: object
}

export interface Provider extends AsyncDisposable {
  readonly domain: string
  readonly gateway: Gateway
  readonly directory: string
  /** The lines of its log. */
  readonly log: () => string
  /** Registers a client of `name`; device `1` unless given. */
  client(name: string, options?: { device?: string; extra?: object }): Promise<MimiClient>
}

/** Real gateways in this process, each with its reference DS, that know each other over mutual TLS. */
export async function startFederation(
  directory: string,
  providers: readonly ProviderOptions[],
): Promise<Map<string, Provider> & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const domains = providers.map(({ domain }) => domain)
  const certificates = await createDevelopmentCertificates({
    directory: join(directory, 'certificates'),
    domains,
    now: Date.now(),
  })
  const ports = new Map<string, readonly number[]>()
  for (const domain of domains) ports.set(domain, await freePorts(4))
  const started = new Map<string, Provider>()
  for (const options of providers) {
    const files = certificates.providers.get(options.domain)
    if (files === undefined) throw new Error('no certificate')
    const text = configuration({ options, domains, ports, files, ca: certificates.ca })
    const provider = await startProvider(join(directory, options.domain), options.domain, text)
    started.set(options.domain, stack.use(provider))
  }
  const owned = stack.move()
  return Object.assign(started, { [Symbol.asyncDispose]: () => owned.disposeAsync() })
}

interface ConfigurationInput {
  readonly options: ProviderOptions
  readonly domains: readonly string[]
  readonly ports: ReadonlyMap<string, readonly number[]>
  readonly files: { readonly certificate: string; readonly key: string }
  readonly ca: string
}

function configuration({ options, domains, ports, files, ca }: ConfigurationInput): string {
  const [peers, internal, admin, ds] = ports.get(options.domain) ?? []
  const others = domains.filter((domain) => domain !== options.domain)
  const profile = { allow: true, class: 'contracted', region: 'EU', agreement: true }
  return JSON.stringify({
    provider: options.domain,
    listeners: {
      peers: { host: '127.0.0.1', port: peers, ...files, ca },
      internal: { host: '127.0.0.1', port: internal },
      admin: { host: '127.0.0.1', port: admin },
    },
    ds: { host: '127.0.0.1', port: ds },
    policies: options.policies ?? 'consumer',
    ...(options.rooms === undefined ? {} : { rooms: options.rooms }),
    peers: Object.fromEntries(
      others.map((domain) => [
        domain,
        { ...profile, address: `127.0.0.1:${ports.get(domain)?.[0]}`, ...options.peerOf?.(domain) },
      ]),
    ),
    ...options.extra,
  })
}

async function startProvider(directory: string, domain: string, text: string): Promise<Provider> {
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => void lines.push(line) })
  const overrides = { dataDirectory: directory, logLevel: undefined }
  const readConfig = () => Promise.resolve(parseConfig('test', text, overrides))
  const gateway = await startGateway(await readConfig(), log, { readConfig, version: 'test' })
  return {
    domain,
    gateway,
    directory,
    log: () => lines.join(''),
    client: (name, { device = '1', extra = {} } = {}) =>
      MimiClient.register({
        url: gateway.urls.clients ?? '',
        user: `mimi://${domain}/u/${name}`,
        client: `mimi://${domain}/d/${name}-${device}`,
        clock: () => Date.now(),
        ...extra,
      }),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    await new Promise((resolve) => (server.listening ? resolve(0) : server.once('listening', resolve)))
    const address = server.address()
    if (typeof address === 'object' && address !== null) ports.push(address.port)
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}
