import { limitNames } from '../ratelimit/limits.ts'
import type { Config } from '../settings/config.ts'
import { parseConfig } from '../settings/parse.ts'

/** Who there is. Every name is used nowhere else, so that it is known wherever it turns up. */
export interface Neighbours {
  /** Ourselves. */
  readonly self: string
  /** A provider with a user in our rooms, and the hub of rooms that we follow. */
  readonly peer: string
  /** A provider that only gets what our rooms fan out. */
  readonly third: string
  /** Keeps assets of `peer`. */
  readonly assetHost: string
}

/** What a world runs under. */
export interface WorldSettings {
  readonly names: Neighbours
  /** The suite of its rooms and of everything else. */
  readonly suite: string
  /** A profile, or the path of a directory of Cedar policies. */
  readonly policies: string
  /** Tables of suites of the operator's own, as they stand in postern.yaml. */
  readonly privateSuites?: readonly object[]
  readonly certificates: {
    readonly ca: string
    readonly providers: ReadonlyMap<string, { readonly certificate: string; readonly key: string }>
  }
}

export interface Places {
  readonly directory: string
  readonly peerPorts: ReadonlyMap<string, number>
  readonly assetsPort: number
}

/** The configuration of a gateway in the middle of it all. Throws `ConfigurationError`. */
export function worldConfig(settings: WorldSettings, places: Places): Config {
  const { names, suite, policies, privateSuites, certificates } = settings
  const { directory, peerPorts, assetsPort } = places
  const own = certificates.providers.get(names.self)
  const suites = { asHub: [suite], asFollower: [suite] }
  const known = { allow: true, class: 'contracted', region: 'EU', agreement: true, suites }
  const text = JSON.stringify({
    provider: names.self,
    listeners: {
      peers: { host: '127.0.0.1', port: 0, ...own, ca: certificates.ca },
      internal: { socket: `${directory}/internal.sock` },
    },
    upstream: { url: `unix:${directory}/ds.sock` },
    policies,
    rooms: { profile: 'enterprise', region: 'EU' },
    peers: {
      [names.peer]: {
        ...known,
        address: `127.0.0.1:${peerPorts.get(names.peer)}`,
        assetDomains: [names.assetHost],
        assetAddress: `127.0.0.1:${assetsPort}`,
      },
      [names.third]: { ...known, address: `127.0.0.1:${peerPorts.get(names.third)}` },
    },
    assetAuthorities: certificates.ca,
    // Limits have tests of their own; here nothing may fail for a budget.
    rates: Object.fromEntries(limitNames.map((name) => [name, PLENTY])),
    ...(privateSuites === undefined ? {} : { privateSuites }),
  })
  return parseConfig('proof', text, { dataDirectory: `${directory}/data`, logLevel: 'debug' })
}

const PLENTY = { perSecond: 100_000, burst: 1_000_000 }
