import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import {
  createDevelopmentCertificates,
  type DevelopmentCertificates,
} from '../src/cli/development-certificates.ts'
import { freePorts } from './free-ports.ts'
import { GatewayProcess } from './gateway-process.ts'
import { Recording } from './recording.ts'
import { Tap, type TapIdentity } from './tap.ts'

/** One provider of the demo. */
export interface ProviderPlan {
  readonly domain: string
  /** For people. */
  readonly about: string
  readonly policies: 'consumer' | 'enterprise'
  readonly rooms: { readonly profile: string; readonly region: string }
  /** Suites towards each other provider, by its domain. */
  readonly suites: Readonly<Record<string, { asHub: string[]; asFollower: string[] }>>
  /** `rates` of postern.yaml. */
  readonly rates?: Readonly<Record<string, { perSecond: number; burst: number }>>
}

export interface Provider {
  readonly plan: ProviderPlan
  readonly gateway: GatewayProcess
  readonly configFile: string
  /** The local client API of its delivery service. */
  readonly clientsUrl: string
  readonly peersUrl: string
}

export interface Federation extends AsyncDisposable {
  readonly providers: readonly Provider[]
  readonly recording: Recording
}

/**
 * Starts a gateway process per provider, and a tap before each of them: the others know its tap's
 * address only. Everything lives in a temporary directory, which ends with the federation.
 */
export async function startFederation(
  plans: readonly ProviderPlan[],
  signal: AbortSignal,
): Promise<Federation> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'postern-demo-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const certificates = await createDevelopmentCertificates({
    directory: join(directory, 'certificates'),
    domains: plans.map(({ domain }) => domain),
    now: Date.now(),
  })
  const ports = await portsOf(plans)
  const recording = new Recording()
  const setting = { directory, certificates, ports, recording }
  const taps = await startTaps(stack, plans, setting)
  const providers: Provider[] = []
  for (const plan of plans) {
    const provider = await startProvider(plan, { ...setting, taps })
    stack.use(provider.gateway)
    providers.push(provider)
  }
  await Promise.all(providers.map(({ gateway }) => gateway.ready(signal)))
  const owned = stack.move()
  return { providers, recording, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

interface Ports {
  readonly peers: number
  readonly internal: number
  readonly admin: number
  readonly clients: number
}

interface Setting {
  readonly directory: string
  readonly certificates: DevelopmentCertificates
  readonly ports: ReadonlyMap<string, Ports>
  readonly recording: Recording
}

async function portsOf(plans: readonly ProviderPlan[]): Promise<ReadonlyMap<string, Ports>> {
  const free = await freePorts(plans.length * PORTS_EACH)
  return new Map(
    plans.map(({ domain }, index) => {
      const own = free.slice(index * PORTS_EACH, (index + 1) * PORTS_EACH)
      const [peers = 0, internal = 0, admin = 0, clients = 0] = own
      return [domain, { peers, internal, admin, clients }]
    }),
  )
}

async function startTaps(
  stack: AsyncDisposableStack,
  plans: readonly ProviderPlan[],
  { certificates, ports, recording }: Setting,
): Promise<ReadonlyMap<string, Tap>> {
  const authority = await readFile(certificates.ca)
  const identities = new Map<string, TapIdentity>()
  for (const [domain, { certificate, key }] of certificates.providers)
    identities.set(domain, { certificate: await readFile(certificate), key: await readFile(key) })
  const taps = new Map<string, Tap>()
  for (const { domain: target } of plans) {
    const targetPort = portsFor(ports, target).peers
    const tap = await Tap.start({ target, targetPort, identities, authority, recording })
    taps.set(target, stack.use(tap))
  }
  return taps
}

async function startProvider(
  plan: ProviderPlan,
  setting: Setting & { readonly taps: ReadonlyMap<string, Tap> },
): Promise<Provider> {
  const { domain } = plan
  const directory = join(setting.directory, domain)
  const configFile = join(directory, 'postern.yaml')
  const { peers, admin, clients } = portsFor(setting.ports, domain)
  await mkdir(directory, { mode: 0o700 })
  await writeFile(configFile, stringify(configuration(plan, setting)), { mode: 0o600 })
  const adminUrl = `http://127.0.0.1:${admin}`
  return {
    plan,
    gateway: new GatewayProcess({ domain, configFile, adminUrl, directory }),
    configFile,
    clientsUrl: `http://127.0.0.1:${clients}`,
    peersUrl: `https://127.0.0.1:${peers}`,
  }
}

/** postern.yaml as an object. */
function configuration(
  { domain, policies, rooms, suites, rates }: ProviderPlan,
  { certificates, ports, taps }: Setting & { readonly taps: ReadonlyMap<string, Tap> },
): object {
  const { peers, internal, admin, clients } = portsFor(ports, domain)
  const agreed = { allow: true, class: 'contracted', region: 'EU', agreement: true }
  const host = '127.0.0.1'
  return {
    provider: domain,
    dataDirectory: './data',
    listeners: {
      peers: { host, port: peers, ...certificates.providers.get(domain), ca: certificates.ca },
      internal: { host, port: internal },
      admin: { host, port: admin },
    },
    ds: { host, port: clients },
    peers: Object.fromEntries(
      Object.entries(suites).map(([peer, lists]) => [
        peer,
        { ...agreed, address: taps.get(peer)?.address, suites: lists },
      ]),
    ),
    rooms,
    policies,
    ...(rates === undefined ? {} : { rates }),
    log: { level: 'warn' },
  }
}

function portsFor(ports: ReadonlyMap<string, Ports>, domain: string): Ports {
  const found = ports.get(domain)
  if (found === undefined) throw new Error(`no ports for ${domain}`)
  return found
}

const PORTS_EACH = 4
