import { dirname } from 'node:path'
import { isLocal } from '../listener/bind.ts'
import { buildConfig, type Config } from './config.ts'
import type { KeyPath } from './problems.ts'
import { configurationSchema, type Configuration } from './schema.ts'
import { unknownSuites } from './suites.ts'
import { readYaml, writtenSchema, type Finding } from './yaml.ts'

export interface Overrides {
  readonly dataDirectory: string | undefined
  readonly logLevel: string | undefined
}

/** Reads the text of a configuration file. Throws `ConfigurationError` with all that is wrong. */
export function parseConfig(file: string, text: string, overrides: Overrides): Config {
  const { value, refuse } = readYaml({
    file,
    text,
    schema: configurationSchema,
    override: (written) => override(written, overrides),
  })
  const config = buildConfig(value, { file, baseDirectory: dirname(file) })
  const contradictions = [...findContradictions(config), ...undefinedSuites(config, value)]
  return contradictions.length > 0 ? refuse(contradictions) : config
}

/** The schema of what may be written, as JSON Schema 2020-12. */
export function configurationJsonSchema() {
  return writtenSchema(configurationSchema)
}

function override(written: unknown, { dataDirectory, logLevel }: Overrides): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written
  return {
    ...written,
    ...(dataDirectory !== undefined && { dataDirectory }),
    ...(logLevel !== undefined && { log: { level: logLevel } }),
  }
}

/** What no single field can tell. */
function findContradictions(config: Config): Finding[] {
  const { listeners, ds, upstream } = config
  const found: Finding[] = []
  if (config.peers.has(config.provider))
    found.push({
      path: ['peers', config.provider],
      expected: 'expected other providers only, not ourselves',
    })
  if (!isLocal(listeners.internal))
    found.push({
      path: ['listeners', 'internal', 'host'],
      expected: 'expected a loopback address: this listener speaks plain HTTP',
    })
  found.push(...missingForIssuer(config), ...repeatedAssetHosts(config))
  const ports: [KeyPath, number][] = [
    [['listeners', 'peers', 'port'], listeners.peers.port],
    [['listeners', 'admin', 'port'], listeners.admin.port],
  ]
  if (listeners.internal.kind === 'tcp')
    ports.push([['listeners', 'internal', 'port'], listeners.internal.port])
  if (listeners.tokens !== undefined)
    ports.push([['listeners', 'tokens', 'port'], listeners.tokens.port])
  if (upstream === undefined) ports.push([['ds', 'port'], ds.port])
  const taken = new Set<number>()
  for (const [path, port] of ports) {
    if (port !== 0 && taken.has(port)) found.push({ path, expected: 'expected a port of its own' })
    taken.add(port)
  }
  return found
}

/** Whoever issues tokens has a place to do it, and somebody who knows the accounts. */
function missingForIssuer({ issuer, listeners, upstream, experimental }: Config): Finding[] {
  if (!issuer.enabled) return tokensWithoutIssuer({ issuer, experimental })
  const found: Finding[] = []
  if (listeners.tokens === undefined)
    found.push({
      path: ['listeners', 'tokens'],
      expected: 'required: a listener for clients, as `issuer` is enabled',
    })
  if (upstream !== undefined && issuer.attester.url === undefined)
    found.push({
      path: ['issuer', 'attester', 'url'],
      expected: 'required: a URL, as the delivery service is not the embedded one',
    })
  return found
}

/** Types of tokens that nobody would issue. */
function tokensWithoutIssuer({
  issuer,
  experimental,
}: Pick<Config, 'issuer' | 'experimental'>): Finding[] {
  const expected = 'expected false, as `issuer` is not enabled'
  const found: Finding[] = []
  if (issuer.voprfP384) found.push({ path: ['issuer', 'voprfP384'], expected })
  if (experimental.batchedTokens) found.push({ path: ['experimental', 'batchedTokens'], expected })
  return found
}

/** A list may name what the file defines. */
function undefinedSuites(config: Config, written: Configuration) {
  const own = config.privateSuites.map(({ name }) => name)
  const peers = Object.entries(written.peers).flatMap(([domain, { suites }]) =>
    suites === undefined ? [] : unknownSuites(suites, ['peers', domain, 'suites'], own),
  )
  return [...unknownSuites(config.defaultSuites, ['defaultSuites'], own), ...peers]
}

/** A host keeps the assets of one provider: whose they are decides who may be shown what. */
function repeatedAssetHosts(config: Config): Finding[] {
  const seen = new Set<string>()
  const places: [KeyPath, readonly string[]][] = [
    [['assetDomains'], config.assetDomains],
    ...[...config.peers.values()].map((peer): [KeyPath, readonly string[]] => [
      ['peers', peer.domain, 'assetDomains'],
      peer.assetDomains,
    ]),
  ]
  return places.flatMap(([path, hosts]) =>
    hosts.flatMap((host, at) => {
      if (!seen.has(host)) {
        seen.add(host)
        return []
      }
      return { path: [...path, at], expected: 'expected each asset host once' }
    }),
  )
}
