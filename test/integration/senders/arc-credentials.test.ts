import { createSecretKey, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain, type ProviderDomain } from '../../../src/model/ids.ts'
import {
  requestArcCredential,
  type ArcCredential,
} from '../../../src/privacypass/arc/arc-client.ts'
import {
  credentialChallenge,
  entryChallenge,
  presentationChallenge,
} from '../../../src/privacypass/arc/hub-scope.ts'
import { epochSeconds, epochStartSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { generatePseudonymKey } from '../../../src/privacypass/pseudonym-key.ts'
import { challengeBytes } from '../../../src/privacypass/token-challenge.ts'
import { tokenBytes } from '../../../src/privacypass/token.ts'
import { createArcCredentials } from '../../../src/senders/arc-credentials.ts'
import { issueToken, testIssuerKey } from '../../support/issuer-key.ts'
import { memorySpentTokens } from '../../support/spent-tokens-memory.ts'

const hub = parseProviderDomain('a.example')
const home = parseProviderDomain('b.example')
const other = parseProviderDomain('c.example')
const room = parseMimiUri('mimi://a.example/r/club', 'room')
const lobby = parseMimiUri('mimi://a.example/r/lobby', 'room')
/** The last day but one of a month. */
const noon = Date.UTC(2026, 10, 29, 12)
const epochStart = epochStartSeconds(noon)
const issuerKeys = new Map([home, other].map((name) => [name, testIssuerKey(name)]))
const takeAdmission = () => Promise.resolve()
const takeVerification = () => Promise.resolve()
const takes = { takeAdmission, takeVerification }

const live = (provider: ProviderDomain) =>
  Promise.resolve(
    [...issuerKeys].flatMap(([name, key]) => (name === provider ? [key.tokenKey] : [])),
  )

/** A hub whose share of the CPU is used by `costMs` for each piece of work. */
function open({ costMs = 0 } = {}) {
  const time = { nowMs: noon, cpuMs: 0 }
  const clock = () => time.nowMs
  const master = { key: createSecretKey(randomBytes(32)) }
  const arc = createArcCredentials({
    hub,
    master: () => master.key,
    limit: 2,
    spent: memorySpentTokens(clock),
    issuerKeys: { live, renewed: live },
    clock,
    cpuMs: () => (time.cpuMs += costMs),
    randomness: randomBytes,
  })
  /** A request for a credential under the key of a provider, today. */
  const requested = async (provider: ProviderDomain = home) => {
    const today = epochStartSeconds(time.nowMs)
    const challenge = credentialChallenge(hub, today)
    const offer = (await arc.orders(provider)).at(-1)
    const publicKey = offer?.tokenKey ?? Buffer.alloc(0)
    return requestArcCredential({ publicKey, challenge, randomness: randomBytes })
  }
  const obtain = async (provider: ProviderDomain = home) => {
    const { request, finish } = await requested(provider)
    const token = entryToken(provider, epochStartSeconds(time.nowMs))
    const credential = finish(await arc.issue({ provider, token, request, ...takes }))
    if (credential === undefined) throw new Error('no credential')
    return credential
  }
  const show = (token: Buffer, where = room, publicKey = generatePseudonymKey().publicKey) => {
    const provider = arc.providerOf(token, [hub, home, other])
    if (provider === undefined) return 'no provider'
    const verdict = arc.verify({ admission: { token, publicKey }, room: where, provider })
    if (verdict.kind === 'refused') return verdict.reason
    return verdict.kind === 'admitted' ? provider : verdict.kind
  }
  return { arc, time, master, requested, obtain, show }
}

function entryToken(issuer: ProviderDomain, start = epochStart, challenge?: Buffer): Buffer {
  const key = issuerKeys.get(issuer)
  if (key === undefined) throw new Error('no key')
  const asked = challenge ?? challengeBytes(entryChallenge({ hub, issuer }, start))
  return tokenBytes(issueToken(key, asked))
}

function presented(credential: ArcCredential, where = room, start = epochStart): Buffer {
  const outcome = credential.present(presentationChallenge({ hub, room: where }, start), 2)
  if (outcome.kind !== 'presented') throw new Error(outcome.kind)
  return outcome.token
}

async function codeOf(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome
    return 'ok'
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [error.code, ...Object.values(error.facts)].join(' ')
  }
}

test('a presentation shows the provider by its key, in every room of the hub', async () => {
  const { obtain, show } = open()
  const [ours, theirs] = [await obtain(home), await obtain(other)]
  expect(show(presented(ours))).toBe(home)
  expect(show(presented(ours, lobby), lobby)).toBe(home)
  expect(show(presented(theirs))).toBe(other)
})

test('of two presentations of one credential nothing is the same but what all of its provider share', async () => {
  const { obtain } = open()
  const [ours, mine] = [await obtain(), await obtain()]
  const tokens = [presented(ours), presented(ours), presented(mine)]
  const rests = tokens.map((token) => token.subarray(2 + 4 + 32 + 32).toString('hex'))
  expect(new Set(tokens.map((token) => token.subarray(0, 70).toString('hex'))).size).toBe(1)
  expect(new Set(rests).size).toBe(3)
})

test('a presentation for another room, day or hub, or with a changed octet, is refused', async () => {
  const { obtain, show, time } = open()
  const credential = await obtain()
  const token = presented(credential)
  expect(show(token, lobby)).toBe('wrong-challenge')
  expect(show(presented(credential, room, epochStart + epochSeconds))).toBe('wrong-challenge')
  const bent = Buffer.from(token)
  bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
  expect(show(bent)).toBe('invalid-authenticator')
  for (const broken of [
    token.subarray(0, -1),
    Buffer.concat([token, Buffer.of(0)]),
    token.subarray(0, 1),
  ])
    expect(show(broken)).toBe('no provider')
  expect(show(token, room, Buffer.alloc(91))).toBe('malformed-key')
  time.nowMs += epochSeconds * 1_000
  expect(show(token)).toBe('wrong-challenge')
})

test('a credential ends with its month, ten minutes into the next one', async () => {
  const { obtain, show, time } = open()
  const credential = await obtain()
  const lastDay = epochStart + epochSeconds
  const firstDay = lastDay + epochSeconds
  time.nowMs = firstDay * 1_000 + 599_000
  expect(show(presented(credential, room, lastDay))).toBe(home)
  expect(credential.present(presentationChallenge({ hub, room }, firstDay), 2).kind).toBe(
    'other-credential',
  )
  const next = await obtain()
  expect(show(presented(next, room, firstDay))).toBe(home)
  time.nowMs += 1_000
  expect(show(presented(credential, room, lastDay))).toBe('no provider')
})

test('a new master ends all credentials', async () => {
  const { obtain, show, master } = open()
  const token = presented(await obtain())
  master.key = createSecretKey(randomBytes(32))
  expect(show(token)).toBe('no provider')
  expect(show(presented(await obtain()))).toBe(home)
})

test('a token gives one credential; the same request has its answer again', async () => {
  const { arc, requested } = open()
  const [first, second] = [await requested(), await requested()]
  const token = entryToken(home)
  const ask = (request: Buffer) => arc.issue({ provider: home, token, request, ...takes })
  expect(first.finish(await ask(first.request))).toBeDefined()
  expect(first.finish(await ask(first.request))).toBeDefined()
  expect(await codeOf(ask(second.request))).toBe('token-replayed')
})

test('a token that is spent costs neither an admission nor another credential', async () => {
  const { arc, requested, time } = open({ costMs: 1 })
  const [first, second] = [await requested(), await requested()]
  let taken = 0
  const order = {
    provider: home,
    token: entryToken(home),
    takeVerification,
    takeAdmission: () => Promise.resolve(void (taken += 1)),
  }
  const bent = Buffer.from(first.request).fill(0, 200)
  for (let asked = 0; asked < 3; asked += 1)
    expect(await codeOf(arc.issue({ ...order, request: bent }))).toMatch(/^token-request-invalid/)
  expect(taken).toBe(0)
  const ask = (request: Buffer) => arc.issue({ ...order, request })
  const atOnce = await Promise.all(Array.from({ length: 4 }, () => ask(first.request)))
  const { cpuMs } = time
  expect(await ask(first.request)).toEqual(atOnce[0])
  expect(new Set(atOnce.map((answer) => answer.toString('hex'))).size).toBe(1)
  for (let asked = 0; asked < 3; asked += 1)
    expect(await codeOf(ask(second.request))).toBe('token-replayed')
  expect([taken, time.cpuMs]).toEqual([1, cpuMs])
})

test('a token that is for something else gives none', async () => {
  const { arc, requested } = open()
  const { request } = await requested()
  const cases = [
    [entryToken(home, epochStart - epochSeconds), 'token-invalid wrong-challenge'],
    [entryToken(home, epochStart, randomBytes(80)), 'token-invalid wrong-challenge'],
    [entryToken(other), 'token-invalid unknown-key'],
    [entryToken(home).subarray(0, -1), 'token-invalid malformed-token'],
    [entryToken(home).fill(7, 353), 'token-invalid invalid-authenticator'],
  ] as const
  let taken = 0
  const counting = { ...takes, takeVerification: () => Promise.resolve(void (taken += 1)) }
  for (const [token, code] of cases)
    expect(await codeOf(arc.issue({ provider: home, token, request, ...counting }))).toBe(code)
  // Only what fits is verified, and paid for.
  expect(taken).toBe(1)
})

test('a request that does not hold costs no token', async () => {
  const { arc, requested } = open()
  const { request, finish } = await requested()
  const token = entryToken(home)
  const ask = (bytes: Buffer) => arc.issue({ provider: home, token, request: bytes, ...takes })
  const bent = Buffer.from(request)
  bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
  expect(await codeOf(ask(request.subarray(1)))).toBe('token-request-invalid malformed')
  expect(await codeOf(ask(bent))).toBe('token-request-invalid invalid-message')
  // The key of another provider's users.
  expect(await codeOf(ask((await requested(other)).request))).toBe(
    'token-request-invalid unknown-key',
  )
  expect(finish(await ask(request))).toBeDefined()
})

test('over its share of the CPU nothing is verified or issued, until that is paid back', async () => {
  const { arc, obtain, requested, show, time } = open({ costMs: 30 })
  const token = presented(await obtain())
  expect(show(token)).toBe(home)
  const { cpuMs } = time
  const { request } = await requested()
  const order = { provider: home, token: entryToken(home), request, ...takes }
  expect(show(token)).toBe('share-used')
  expect(await codeOf(arc.issue(order))).toBe('rate-limited tokenCpu')
  expect(time.cpuMs).toBe(cpuMs)
  time.nowMs += 201
  expect(show(token)).toBe(home)
  time.nowMs += 60_000
  expect(await codeOf(arc.issue(order))).toBe('ok')
})
