import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import {
  createDevelopmentCertificates,
  type DevelopmentCertificates,
} from '../src/cli/development-certificates.ts'
import { GatewayProcess, type GatewayAddresses } from './gateway-process.ts'
import { keptFiles, type KeptFile } from './kept-files.ts'
import { Recording } from './recording.ts'
import { Tap, type TapIdentity } from './tap.ts'

/** One provider of the demo. */
export interface ProviderPlan {
  readonly domain: string
  /** For people. */
  readonly about: string
  /** A profile, or the absolute path of a directory of policies: `policies` of postern.yaml. */
  readonly policies: string
  readonly rooms: { readonly profile: string; readonly region: string }
  /** What its document offers and accepts, the preferred suite first. */
  readonly suites: SuiteLists
  /** What it attests of its users where a suite asks for it: `attested` of postern.yaml. */
  readonly attested?: Readonly<Record<string, string>>
  /** Whether it certifies pseudonyms of its users: `issuer` of postern.yaml. */
  readonly issues?: boolean
  /** `rates` of postern.yaml. */
  readonly rates?: Readonly<Record<string, { perSecond: number; burst: number }>>
  /** Who works on cases: `moderation.team` of postern.yaml. */
  readonly team?: readonly { readonly name: string; readonly roles: readonly string[] }[]
}

export interface SuiteLists {
  readonly asHub: readonly string[]
  readonly asFollower: readonly string[]
}

export interface Provider {
  readonly plan: ProviderPlan
  readonly gateway: GatewayProcess
  readonly configFile: string
  readonly addresses: GatewayAddresses
  /** Writes other lists into its postern.yaml; they count once it is told to read it again. */
  readonly rewrite: (suites: SuiteLists) => Promise<void>
}

export interface Federation extends AsyncDisposable {
  readonly providers: readonly Provider[]
  readonly recording: Recording
  /** What the gateways have on their disks now. */
  readonly keptFiles: () => Promise<readonly KeptFile[]>
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
  const recording = new Recording()
  const taps = await startTaps(stack, certificates, recording)
  const starting: Omit<Provider, 'addresses'>[] = []
  stack.defer(() => endAll(starting.map(({ gateway }) => gateway)))
  for (const plan of plans) {
    const configFile = join(directory, plan.domain, 'postern.yaml')
    const rewrite = (suites: SuiteLists) =>
      writeConfiguration(configFile, { ...plan, suites }, { certificates, taps })
    await mkdir(dirname(configFile), { mode: 0o700 })
    await rewrite(plan.suites)
    const gateway = new GatewayProcess({ domain: plan.domain, configFile, directory })
    starting.push({ plan, configFile, gateway, rewrite })
  }
  const providers = await Promise.all(
    starting.map(async (provider) => {
      const addresses = await provider.gateway.ready(signal)
      taps.get(provider.plan.domain)?.aim(addresses.peers)
      return { ...provider, addresses }
    }),
  )
  const owned = stack.move()
  return {
    providers,
    recording,
    keptFiles: () => keptFiles(directory),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** All at once: a gateway that drains may wait for one that has ended. */
async function endAll(gateways: readonly GatewayProcess[]): Promise<void> {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()))
}

async function startTaps(
  stack: AsyncDisposableStack,
  certificates: DevelopmentCertificates,
  recording: Recording,
): Promise<ReadonlyMap<string, Tap>> {
  const authority = await readFile(certificates.ca)
  const identities = new Map<string, TapIdentity>()
  for (const [domain, { certificate, key }] of certificates.providers)
    identities.set(domain, { certificate: await readFile(certificate), key: await readFile(key) })
  const taps = new Map<string, Tap>()
  for (const target of identities.keys()) {
    const tap = await Tap.start({ target, identities, authority, recording })
    taps.set(target, stack.use(tap))
  }
  return taps
}

interface Surroundings {
  readonly certificates: DevelopmentCertificates
  readonly taps: ReadonlyMap<string, Tap>
}

async function writeConfiguration(
  file: string,
  plan: ProviderPlan,
  surroundings: Surroundings,
): Promise<void> {
  const text = stringify(configuration(plan, surroundings), { aliasDuplicateObjects: false })
  await writeFile(file, text, { mode: 0o600 })
}

/** postern.yaml as an object. */
function configuration(
  { domain, policies, rooms, suites, attested, rates, team, issues = false }: ProviderPlan,
  { certificates, taps }: Surroundings,
): object {
  const known = { allow: true, class: 'contracted', region: 'EU' }
  const others = [...taps].filter(([peer]) => peer !== domain)
  const anywhere = { host: '127.0.0.1', port: 0 }
  return {
    provider: domain,
    dataDirectory: './data',
    listeners: {
      peers: { ...anywhere, ...certificates.providers.get(domain), ca: certificates.ca },
      internal: anywhere,
      admin: anywhere,
      ...(issues && { tokens: anywhere }),
    },
    issuer: { enabled: issues },
    ds: anywhere,
    peers: Object.fromEntries(others.map(([peer, { address }]) => [peer, { ...known, address }])),
    // Nobody is served without an agreement, which the documents alone decide.
    requirements: { requireAgreement: true },
    defaultSuites: suites,
    rooms,
    policies,
    ...(attested === undefined ? {} : { attested }),
    ...(rates === undefined ? {} : { rates }),
    ...(team === undefined ? {} : { moderation: { team } }),
    log: { level: 'warn' },
  }
}
