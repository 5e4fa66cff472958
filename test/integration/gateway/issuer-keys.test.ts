import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startGateway } from '../../../src/gateway.ts'
import { openDocument } from '../../../src/metadata/requirements/signed-document.ts'
import { issuerDirectoryPath } from '../../../src/privacypass/issuer-directory.ts'
import { createLog } from '../../../src/signals/log.ts'
import { freePorts, type Provider } from '../../support/federation.ts'
import { rows } from '../../support/gateway-calls.ts'
import {
  DAY_MS,
  NOON_MS,
  openIssuingProvider,
  useIssuingProvider,
  type IssuingProvider,
} from '../../support/issuing-provider.ts'
import { peerRequest } from '../../support/peers-listener.ts'
import { runCli } from '../../support/run-cli.ts'
import { keyIdOf, someSingle, TokenClient } from '../../support/token-client.ts'

const issuing = useIssuingProvider()
const silent = createLog('silent', { write: () => {} })
const provider = () => issuing().provider
const cli = (...args: readonly string[]) => cliOf(provider(), ...args)

/** The time at which a process that starts has keys to make. */
const whenDue = () => NOON_MS + 81.5 * DAY_MS

/** `postern <args>` about a running provider. */
async function cliOf(of: Provider, ...args: readonly string[]) {
  const result = await runCli([...args, '--socket', of.config().listeners.admin.socket])
  return { ...result, json: () => JSON.parse(result.stdout) as { keys: readonly KeyLine[] } }
}

interface KeyLine {
  readonly purpose: string
  readonly id: string
  readonly state: string
}

/** What the requirements document in force says of its own tokens. */
async function stated(of: Provider) {
  const { stdout } = await cliOf(of, 'requirements', 'show', '--jws')
  const opened = openDocument(Buffer.from(stdout.trim()))
  if (opened.kind !== 'opened') throw new Error(opened.kind)
  return opened.signed.document.tokens
}

async function published({ url }: IssuingProvider): Promise<readonly string[]> {
  const keys = await new TokenClient(url).directory()
  return keys.map(({ tokenKey }) => keyIdOf(tokenKey).toString('base64url')).toSorted()
}

function issuerFiles(of: Provider): readonly string[] {
  const files = readdirSync(of.config().keysDirectory)
  return files.filter((name) => name.startsWith('token-issuer')).toSorted()
}

test('other providers find the same keys on the peers listener, and their digests in the document', async () => {
  const { gateway, identity, domain } = provider()
  const reply = await peerRequest({
    port: Number(new URL(gateway.urls.peers).port),
    path: issuerDirectoryPath,
    method: 'GET',
    headers: { host: domain },
    identity,
    tls: { servername: domain },
  })
  expect(reply.status).toBe(200)
  expect(reply.headers['content-type']).toBe('application/private-token-issuer-directory')
  const other = await fetch(`${issuing().url}${issuerDirectoryPath}`)
  expect(reply.body.toString()).toBe(await other.text())
  const tokens = await stated(provider())
  expect(tokens).toMatchObject([
    { type: 2, issuer: 'a.example', class: 'message' },
    { type: 2, issuer: 'a.example', class: 'first-contact' },
  ])
  expect(tokens.flatMap(({ keys }) => keys).toSorted()).toEqual(await published(issuing()))
})

test('keys outlive a restart', async () => {
  const before = await published(issuing())
  await provider().stop()
  await provider().start()
  expect(await published(issuing())).toEqual(before)
})

test('a successor is stated before it signs, signs from the begin of a day, and then the old key does not', async () => {
  await using own = await openIssuingProvider()
  const { time, provider: of } = own
  const before = await new TokenClient(own.url).directory()
  await of.stop()
  time.nowMs += 81.5 * DAY_MS
  await of.start()
  const client = own.client('restricted')
  const keys = await client.directory()
  expect(keys).toHaveLength(4)
  expect((await stated(of)).flatMap((entry) => entry.keys).toSorted()).toEqual(await published(own))
  const [old, pending] = keys.filter(({ tokenClass }) => tokenClass === 'message')
  if (old === undefined || pending === undefined) throw new Error('no keys')
  expect(old.tokenKey).toEqual(before[0]?.tokenKey)
  const unknown = { status: 422, code: 'token-key-unknown' }
  expect(await client.postSingle(someSingle(pending.tokenKey))).toMatchObject(unknown)
  expect((await client.postSingle(someSingle(old.tokenKey))).status).toBe(200)
  time.nowMs = (pending.notBeforeSeconds ?? 0) * 1_000
  expect(time.nowMs % DAY_MS).toBe(0)
  expect(await client.postSingle(someSingle(old.tokenKey))).toMatchObject(unknown)
  expect((await client.postSingle(someSingle(pending.tokenKey))).status).toBe(200)
  expect(await client.key('message')).toEqual(Uint8Array.from(pending.tokenKey))
}, 30_000)

test('an operator sees all keys and no secret, and rotates those of the issuer', async () => {
  await using own = await openIssuingProvider()
  const { provider: of } = own
  const listed = (await cliOf(of, 'keys', 'list')).stdout
  expect(listed).toMatch(
    /^token-issuer-message +[0-9a-f]{16} {2}active +from .* UTC until .* UTC$/m,
  )
  expect(listed).toMatch(/^hub-signing +[0-9a-f]{16} {2}active +from .* UTC$/m)
  const before = await published(own)
  const soon = await cliOf(of, 'keys', 'rotate', 'token-issuer', '--json')
  expect(soon.json().keys.filter(({ state }) => state === 'pending')).toHaveLength(2)
  expect(await published(own)).toHaveLength(4)
  expect((await stated(of)).flatMap((entry) => entry.keys).toSorted()).toEqual(await published(own))
  await cliOf(of, 'keys', 'rotate', 'token-issuer', '--now')
  const after = await published(own)
  expect(after).toHaveLength(2)
  expect(after.filter((digest) => before.includes(digest))).toEqual([])
  expect((await stated(of)).flatMap((entry) => entry.keys).toSorted()).toEqual(after)
  await of.stop()
  const recorded = rows(of, 'postern.sqlite')
  const events = recorded("SELECT count(*) AS count FROM events WHERE kind = 'key.rotated'")
  expect(events).toEqual([{ count: 2 }])
}, 30_000)

test('whoever had tokens under keys that were replaced at once gets new ones', async () => {
  const client = issuing().client('restricted')
  expect((await client.postSingle(someSingle(await client.key('message')))).status).toBe(200)
  expect((await client.postSingle(someSingle(await client.key('message')))).status).toBe(429)
  await cli('keys', 'rotate', 'token-issuer', '--now')
  expect((await client.postSingle(someSingle(await client.key('message')))).status).toBe(200)
})

test('keys of other purposes are rotated too, and those that make no sense are refused', async () => {
  const sealing = await cli('keys', 'rotate', 'report-sealing', '--json')
  expect(sealing.json()).toMatchObject({ keys: [{}, {}], restart: false })
  expect((await cli('keys', 'rotate', 'limiter')).stdout).toContain('after a restart')
  for (const args of [[], ['hub-signing'], ['token-issuer-message'], ['limiter', '--now']])
    expect((await cli('keys', 'rotate', ...args)).exitCode).toBe(2)
})

test('an account keeps its quota of the day when the key of its handle is rotated', async () => {
  const client = issuing().client('restricted')
  expect((await client.postSingle(someSingle(await client.key('message')))).status).toBe(200)
  issuing().time.nowMs += 1_000
  await cli('keys', 'rotate', 'issuer-accounts')
  expect((await client.postSingle(someSingle(await client.key('message')))).status).toBe(429)
})

test('a second process on the same data ends before it touches a key', async () => {
  const before = issuerFiles(provider())
  const config = provider().config()
  const readConfig = () => Promise.resolve(config)
  const second = startGateway(config, silent, { readConfig, version: 'test', clock: whenDue })
  await expect(second).rejects.toMatchObject({
    code: 'configuration-invalid',
    facts: { reason: 'socket-in-use' },
  })
  expect(issuerFiles(provider())).toEqual(before)
})

test('of two processes that start at once when keys are due, each makes the same keys', async () => {
  await using own = await openIssuingProvider()
  const { provider: of } = own
  await of.stop()
  const files = issuerFiles(of)
  const starts = [await freePorts(4), await freePorts(4)].map((ports) => {
    const { listeners, ds } = of.config()
    const [peers = 0, internal = 0, admin = 0, clients = 0] = ports
    const config = {
      ...of.config(),
      listeners: {
        ...listeners,
        peers: { ...listeners.peers, port: peers },
        internal: { kind: 'tcp' as const, host: '127.0.0.1', port: internal },
        admin: { ...listeners.admin, port: admin },
      },
      ds: { ...ds, port: clients },
    }
    const readConfig = () => Promise.resolve(config)
    return startGateway(config, silent, { readConfig, version: 'test', clock: whenDue })
  })
  for (const outcome of await Promise.allSettled(starts))
    if (outcome.status === 'fulfilled') await outcome.value[Symbol.asyncDispose]()
  const made = issuerFiles(of).filter((name) => !files.includes(name))
  expect(made.map((name) => name.split('.')[0])).toEqual([
    'token-issuer-first-contact',
    'token-issuer-message',
  ])
}, 30_000)
