import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig, type Overrides } from '../../../src/settings/parse.ts'
import { ConfigurationError, describeProblems } from '../../../src/settings/problems.ts'

const bad = join(import.meta.dirname, 'bad')
const none: Overrides = { dataDirectory: undefined, logLevel: undefined }
const minimal = `provider: a.example
listeners:
  peers: { certificate: a.pem, key: a.key, ca: /etc/ca.pem }
`

function parse(text: string, overrides = none) {
  return parseConfig('/etc/postern/postern.yaml', text, overrides)
}

function problemsOf(text: string): readonly string[] {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof ConfigurationError) return describeProblems(error)
    throw error
  }
  return []
}

describe('each bad file says what would be right, and nothing else', () => {
  test.each(readdirSync(bad))('%s', (name) => {
    const text = readFileSync(join(bad, name), 'utf8')
    const expected = /^# expect: (.*)$/m.exec(text)?.[1]
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(expected)
  })
})

test('an empty file lacks what cannot be guessed', () => {
  expect(problemsOf('')).toEqual([
    'postern.yaml provider: required: a domain',
    'postern.yaml listeners: required: a map',
  ])
})

test('several problems come at once, each with its line', () => {
  const text = `${minimal}limits: { drainMs: 0 }\nlog: { level: loud }\nfoo: 1\n`
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^postern\.yaml:4 limits\.drainMs: expected milliseconds/),
    expect.stringMatching(/^postern\.yaml:5 log\.level: expected one of/),
    expect.stringMatching(/^postern\.yaml:6 foo: unknown key/),
  ])
})

test('a problem never repeats what was written', () => {
  expect(problemsOf(`${minimal}log: { level: s3cret }\npolicies: [s3cret]`).join()).not.toContain(
    's3cret',
  )
})

test('a minimal file gets every default, absolute paths and no loose end', () => {
  const config = parse(minimal)
  expect(config.listeners.peers).toEqual({
    host: '0.0.0.0',
    port: 8_443,
    certificate: '/etc/postern/a.pem',
    key: '/etc/postern/a.key',
    ca: '/etc/ca.pem',
  })
  expect(config.listeners.internal).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 8_480 })
  expect(config.listeners.admin.socket).toBe('/etc/postern/data/control.sock')
  expect(config.keysDirectory).toBe('/etc/postern/data/keys')
  expect(config.policies).toEqual({ kind: 'profile', name: 'consumer' })
  expect(config.upstream).toBeUndefined()
  expect(config.limits.peer.deadlineMs).toBe(15_000)
  expect(config.rates.attempts).toEqual({ perSecond: 10, burst: 200, cost: 1, mode: 'enforce' })
  expect(config.costs).toMatchObject({ operations: { update: 2 }, octetsPerUnit: 65_536 })
})

test('spent tokens are kept in files of the data directory, or in a database', () => {
  expect(parse(minimal).spentTokens).toEqual({
    kind: 'embedded',
    directory: '/etc/postern/data/spent-tokens',
  })
  const url = 'postgresql://postern@db.example/postern'
  expect(parse(`${minimal}spentTokens: { kind: postgres, url: '${url}' }`).spentTokens).toEqual({
    kind: 'postgres',
    url,
  })
  expect(problemsOf(`${minimal}spentTokens: { url: '${url}' }`)).toHaveLength(1)
})

test('the configuration is frozen throughout', () => {
  const config = parse(`${minimal}peers: { b.example: { allow: true } }`)
  const loose: object[] = []
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    if (!(value instanceof Map) && !Object.isFrozen(value)) loose.push(value)
    for (const inner of value instanceof Map ? value.values() : Object.values(value)) visit(inner)
  }
  visit(config)
  expect(loose).toEqual([])
})

test('a peer without its own suites has the default ones', () => {
  const config = parse(`${minimal}
defaultSuites: { asHub: [identified] }
peers:
  b.example: { allow: true, address: "127.0.0.1:9443", class: contracted, region: EU,
    assetDomains: [assets.b.example], assetAddress: "127.0.0.1:9444" }
  c.example: { allow: false, suites: { asHub: [compliance], asFollower: [identified] } }
`)
  expect([...config.peers.values()]).toEqual([
    {
      domain: 'b.example',
      allow: true,
      address: '127.0.0.1:9443',
      assetDomains: ['assets.b.example'],
      assetAddress: '127.0.0.1:9444',
      peerClass: 'contracted',
      region: 'EU',
      agreement: false,
      hostile: false,
      singleUser: false,
      groups: [],
      asHub: ['identified'],
      asFollower: ['moderated-pseudonyms', 'bare-minimum'],
    },
    {
      domain: 'c.example',
      allow: false,
      address: undefined,
      assetDomains: [],
      assetAddress: undefined,
      peerClass: 'open',
      region: 'OTHER',
      agreement: false,
      hostile: false,
      singleUser: false,
      groups: [],
      asHub: ['compliance'],
      asFollower: ['identified'],
    },
  ])
})

test('the environment overrides the data directory and the log level', () => {
  const config = parse(minimal, { dataDirectory: '/var/lib/postern', logLevel: 'warn' })
  expect(config.dataDirectory).toBe('/var/lib/postern')
  expect(config.log.level).toBe('warn')
})

const houseRules = `
privateSuites:
  - code: 0xF001
    name: house-rules
    summary: Ours.
    shows: least
    requiresFrank: false
    pseudonymousCredentials: optional
    timeBucketMs: 60000
    entries: []
`

test('a suite of our own can be named once it is defined', () => {
  const config = parse(`${minimal}${houseRules}defaultSuites: { asHub: [house-rules] }`)
  expect(config.defaultSuites.asHub).toEqual(['house-rules'])
  expect(config.privateSuites[0]?.code).toBe(0xf001)
  expect(
    problemsOf(`${minimal}peers: { b.example: { allow: true, suites: { asHub: [house-rules] } } }`),
  ).toEqual([expect.stringContaining('peers["b.example"].suites.asHub[0]: expected one of')])
})

test.each([
  ['0xF001', '0x0002'],
  ['house-rules', 'compliance'],
])('a suite of our own is no built-in one: %s', (own, builtIn) => {
  expect(problemsOf(`${minimal}${houseRules.replace(own, builtIn)}`)).toHaveLength(1)
})
