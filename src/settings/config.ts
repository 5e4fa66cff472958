import { isAbsolute, resolve } from 'node:path'
import type { AssetHost } from '../model/asset-url.ts'
import { parseProviderDomain, type ProviderDomain } from '../model/ids.ts'
import type { MembershipProofRule } from '../model/room-auth-key.ts'
import type { PeerClass, Region, RoomProfile } from '../policy/vocabulary.ts'
import type { Limits } from './limits.ts'
import { moderationConfig, type ModerationConfig } from './moderation.ts'
import type { Rates } from './rates.ts'
import type { Costs } from '../ratelimit/costs.ts'
import type { VerificationKey } from '../metadata/requirements/document.ts'
import { bundleKey } from '../policy/bundle.ts'
import { spentTokensConfig, type SpentTokensConfig } from './spent-tokens.ts'
import { policyProfiles, type Configuration, type PolicyProfile } from './schema.ts'

/** What the process runs with: every default filled in, every path absolute, frozen. */
export interface Config {
  /** The file that it came from; undefined for the embedded default. */
  readonly file: string | undefined
  readonly provider: ProviderDomain
  readonly dataDirectory: string
  readonly keysDirectory: string
  readonly listeners: {
    readonly peers: PeersListenerConfig
    readonly internal: Endpoint
    readonly admin: { readonly host: string; readonly port: number; readonly socket: string }
    /** For clients; undefined: there is none. */
    readonly tokens: TokensListenerConfig | undefined
  }
  /** Undefined: the embedded reference delivery service runs, as `ds` says. */
  readonly upstream: { readonly url: string } | undefined
  readonly ds: { readonly host: string; readonly port: number }
  readonly issuer: Configuration['issuer']
  readonly peers: ReadonlyMap<ProviderDomain, PeerConfig>
  /** Hosts that keep our own assets. */
  readonly assetDomains: readonly AssetHost[]
  readonly assetAddress: string | undefined
  /** Absolute path of a PEM file; undefined: the authorities that come with Node. */
  readonly assetAuthorities: string | undefined
  /** For providers without lists of their own. */
  readonly defaultSuites: Configuration['defaultSuites']
  readonly privateSuites: Configuration['privateSuites']
  readonly requirements: Configuration['requirements']
  readonly attested: Configuration['attested']
  /** What policies know of our own rooms, and whom these let write. */
  readonly rooms: {
    readonly profile: RoomProfile
    readonly region: Region
    readonly membershipProof: MembershipProofRule
  }
  readonly policies: PolicySource
  /** With any, only policies that one of them signed take effect. */
  readonly policyKeys: readonly VerificationKey[]
  /** Policies beside them whose decisions count for nothing. */
  readonly shadowPolicies: PolicySource | undefined
  /** Absolute path of policies about where reports go. */
  readonly routingPolicies: string | undefined
  readonly moderation: ModerationConfig
  readonly decisionLog: DecisionLogConfig
  readonly limits: Limits
  /** For `limitsWith`. */
  readonly rates: Rates
  /** What is off unless an operator asks for it. */
  readonly spentTokens: SpentTokensConfig
  readonly experimental: Configuration['experimental']
  readonly costs: Costs
  readonly limiterStore: LimiterStoreConfig
  readonly log: { readonly level: Configuration['log']['level'] }
  readonly telemetry: { readonly otlpEndpoint: string | undefined; readonly sampleRatio: number }
}

export interface PeersListenerConfig {
  readonly host: string
  readonly port: number
  /** Absolute paths of PEM files. */
  readonly certificate: string
  readonly key: string
  readonly ca: string
}

export interface TokensListenerConfig {
  readonly host: string
  readonly port: number
  /** Whether the last entry of `X-Forwarded-For` is the client's address. */
  readonly forwardedFor: boolean
}

export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string }

export interface PeerConfig {
  readonly domain: ProviderDomain
  readonly allow: boolean
  /** `host:port`; undefined: port 443 of the domain. */
  readonly address: string | undefined
  readonly assetDomains: readonly AssetHost[]
  /** `host:port`; undefined: port 443 of the host. */
  readonly assetAddress: string | undefined
  readonly peerClass: PeerClass
  readonly region: Region
  /** Whether an agreement on metadata is in force. */
  readonly agreement: boolean
  /** It leaks reports, retaliates, or ignores the worst of them. */
  readonly hostile: boolean
  readonly singleUser: boolean
  readonly groups: readonly string[]
  readonly asHub: readonly string[]
  readonly asFollower: readonly string[]
}

export type LimiterStoreConfig =
  | { readonly kind: 'memory' }
  | { readonly kind: 'redis'; readonly url: string; readonly deadlineMs: number }

export interface DecisionLogConfig {
  /** Absolute path. */
  readonly file: string | undefined
  /** Base URL. */
  readonly otlpEndpoint: string | undefined
  /** One in so many; 0 for none. */
  readonly sampleAllows: number
}

export type PolicySource =
  | { readonly kind: 'profile'; readonly name: PolicyProfile }
  | { readonly kind: 'directory'; readonly path: string }

/** Paths are taken relative to `baseDirectory`, the directory of the file. */
export function buildConfig(
  written: Configuration,
  { file, baseDirectory }: { file: string | undefined; baseDirectory: string },
): Config {
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(baseDirectory, path))
  const dataDirectory = absolute(written.dataDirectory)
  const config: Config = {
    file,
    provider: written.provider,
    dataDirectory,
    keysDirectory: absolute(written.keysDirectory ?? resolve(dataDirectory, 'keys')),
    listeners: listenersOf(written, absolute, dataDirectory),
    upstream: written.upstream,
    ds: written.ds,
    issuer: written.issuer,
    peers: peerMap(written),
    assetDomains: written.assetDomains,
    assetAddress: written.assetAddress,
    assetAuthorities:
      written.assetAuthorities === undefined ? undefined : absolute(written.assetAuthorities),
    defaultSuites: written.defaultSuites,
    privateSuites: written.privateSuites,
    requirements: written.requirements,
    attested: written.attested,
    rooms: written.rooms,
    ...policiesOf(written, absolute),
    moderation: moderationConfig(written.moderation, absolute),
    decisionLog: decisionLogConfig(written.decisionLog, absolute),
    limits: written.limits,
    rates: written.rates,
    spentTokens: spentTokensConfig(written.spentTokens, resolve(dataDirectory, 'spent-tokens')),
    experimental: written.experimental,
    costs: written.costs,
    limiterStore: limiterStoreConfig(written.limiterStore),
    log: written.log,
    telemetry: { otlpEndpoint: undefined, ...written.telemetry },
  }
  return deepFreeze(config)
}

function listenersOf(
  written: Configuration,
  absolute: (path: string) => string,
  dataDirectory: string,
): Config['listeners'] {
  const { peers, internal, admin, tokens } = written.listeners
  return {
    peers: {
      ...peers,
      certificate: absolute(peers.certificate),
      key: absolute(peers.key),
      ca: absolute(peers.ca),
    },
    internal:
      internal.socket === undefined
        ? {
            kind: 'tcp',
            host: internal.host ?? '127.0.0.1',
            port: internal.port ?? INTERNAL_PORT,
          }
        : { kind: 'socket', path: absolute(internal.socket) },
    admin: {
      host: admin.host,
      port: admin.port,
      socket: absolute(admin.socket ?? resolve(dataDirectory, 'control.sock')),
    },
    tokens,
  }
}

function peerMap(written: Configuration): ReadonlyMap<ProviderDomain, PeerConfig> {
  const peers = new Map<ProviderDomain, PeerConfig>()
  for (const [key, peer] of Object.entries(written.peers)) {
    const domain = parseProviderDomain(key)
    const { asHub, asFollower } = peer.suites ?? written.defaultSuites
    const { allow, address, region, agreement, hostile, singleUser, groups } = peer
    const { assetDomains, assetAddress } = peer
    const assets = { assetDomains, assetAddress }
    const profile = {
      domain,
      allow,
      address,
      ...assets,
      peerClass: peer.class,
      region,
      agreement,
      hostile,
      singleUser,
      groups,
    }
    peers.set(domain, deepFreeze({ ...profile, asHub, asFollower }))
  }
  return peers
}

function decisionLogConfig(
  { file, otlpEndpoint, sampleAllows }: Configuration['decisionLog'],
  absolute: (path: string) => string,
): DecisionLogConfig {
  return { file: file === undefined ? undefined : absolute(file), otlpEndpoint, sampleAllows }
}

function limiterStoreConfig({
  url,
  deadlineMs,
}: Configuration['limiterStore']): LimiterStoreConfig {
  return url === undefined ? { kind: 'memory' } : { kind: 'redis', url, deadlineMs }
}

function policiesOf(
  { policies, policyKeys, shadowPolicies: shadow, routingPolicies: routing }: Configuration,
  absolute: (path: string) => string,
): Pick<Config, 'policies' | 'policyKeys' | 'shadowPolicies' | 'routingPolicies'> {
  return {
    policies: policySource(policies, absolute),
    policyKeys: policyKeys.map((x) => bundleKey(x)),
    shadowPolicies: shadow === undefined ? undefined : policySource(shadow, absolute),
    routingPolicies: routing === undefined ? undefined : absolute(routing),
  }
}

/** What `policies` in postern.yaml, or an operator, names. */
export function policySource(written: string, absolute: (path: string) => string): PolicySource {
  const name = policyProfiles.find((profile) => profile === written)
  return name === undefined
    ? { kind: 'directory', path: absolute(written) }
    : { kind: 'profile', name }
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) deepFreeze(inner)
  }
  return Object.freeze(value)
}

const INTERNAL_PORT = 8_480
