import { basename, dirname } from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { z } from 'zod'
import { isLocal } from '../listener/bind.ts'
import { buildConfig, type Config } from './config.ts'
import {
  ConfigurationError,
  formatPath,
  plainWords,
  readIssues,
  type ConfigProblem,
  type KeyPath,
} from './problems.ts'
import { configurationSchema, type Configuration } from './schema.ts'
import { unknownSuites } from './suites.ts'

export interface Overrides {
  readonly dataDirectory: string | undefined
  readonly logLevel: string | undefined
}

/** Reads the text of a configuration file. Throws `ConfigurationError` with all that is wrong. */
export function parseConfig(file: string, text: string, overrides: Overrides): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', prettyErrors: false })
  const syntax: ConfigProblem[] = document.errors.map(({ pos, code }) => ({
    path: '',
    line: lines.linePos(pos[0]).line,
    expected: `expected valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`,
  }))
  if (syntax.length > 0) throw new ConfigurationError(basename(file), syntax)
  const lineOf = (path: KeyPath) => findLine(document, lines, path)
  const refuse = (found: readonly { path: KeyPath; expected: string }[]) => {
    const problems = found.map(({ path, expected }) => ({
      path: formatPath(path),
      line: lineOf(path),
      expected,
    }))
    throw new ConfigurationError(basename(file), problems)
  }
  const foreign = prototypeKeys(document)
  if (foreign) refuse([{ path: ['__proto__'], expected: 'unknown key' }])
  const outcome = configurationSchema.safeParse(override(toPlain(document), overrides), {
    error: plainWords,
  })
  if (!outcome.success) return refuse(readIssues(outcome.error.issues, keysAt))
  const config = buildConfig(outcome.data, { file, baseDirectory: dirname(file) })
  const contradictions = [...findContradictions(config), ...undefinedSuites(config, outcome.data)]
  return contradictions.length > 0 ? refuse(contradictions) : config
}

function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {}
  } catch {
    throw new ConfigurationError(undefined, [
      { path: '', line: undefined, expected: `expected at most ${ALIASES_MAX} YAML aliases` },
    ])
  }
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
function findContradictions(config: Config): { path: KeyPath; expected: string }[] {
  const { listeners, ds, upstream } = config
  const found: { path: KeyPath; expected: string }[] = []
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
  found.push(...repeatedAssetHosts(config))
  const ports: [KeyPath, number][] = [
    [['listeners', 'peers', 'port'], listeners.peers.port],
    [['listeners', 'admin', 'port'], listeners.admin.port],
  ]
  if (listeners.internal.kind === 'tcp')
    ports.push([['listeners', 'internal', 'port'], listeners.internal.port])
  if (upstream === undefined) ports.push([['ds', 'port'], ds.port])
  const taken = new Set<number>()
  for (const [path, port] of ports) {
    if (port !== 0 && taken.has(port)) found.push({ path, expected: 'expected a port of its own' })
    taken.add(port)
  }
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
function repeatedAssetHosts(config: Config): { path: KeyPath; expected: string }[] {
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

function findLine(document: Document, lines: LineCounter, path: KeyPath): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const offset = keyOffset(document, path.slice(0, length))
    if (offset !== undefined) return lines.linePos(offset).line
  }
  return undefined
}

function keyOffset(document: Document, path: KeyPath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const last = path.at(-1)
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last)
    return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
  }
  const item: unknown = document.getIn(path, true)
  return isScalar(item) ? item.range?.[0] : undefined
}

function prototypeKeys(document: Document): boolean {
  let found = false
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') found = true
    },
  })
  return found
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema | boolean>> | undefined
  readonly additionalProperties?: ObjectSchema | boolean | undefined
}

/** The keys that the schema knows below a path. */
function keysAt(path: KeyPath): readonly string[] {
  let place: ObjectSchema = configurationJsonSchema()
  for (const key of path) {
    const inner = place.properties?.[String(key)] ?? place.additionalProperties
    place = typeof inner === 'object' ? inner : {}
  }
  return Object.keys(place.properties ?? {})
}

/** The schema of what may be written, as JSON Schema 2020-12. */
export function configurationJsonSchema() {
  return z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' })
}

const ALIASES_MAX = 100
