import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Standing } from '../../../src/issuer/token-class.ts'
import { DAY_MS, useIssuingProvider } from '../../support/issuing-provider.ts'
import {
  keyIdOf,
  otherRequests,
  someBatch,
  someSingle,
  TokenClient,
} from '../../support/token-client.ts'

const issuing = useIssuingProvider()
const url = () => issuing().url
const clientOf = (standing: Standing) => issuing().client(standing)

test('another implementation gets one token, and it verifies', async () => {
  const client = clientOf('normal')
  const key = await client.key('message')
  const { single, finishSingle } = await otherRequests(key, 1)
  const answer = await client.postSingle(single)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/private-token-response')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const token = Buffer.from((await finishSingle(answer.bytes)).serialize())
  expect(token.readUInt16BE(0)).toBe(2)
  expect(token.subarray(66, 98)).toEqual(keyIdOf(key))
})

test('another implementation gets a whole batch of tokens', async () => {
  const client = clientOf('new')
  const { batch, finishBatch } = await otherRequests(await client.key('message'), 8)
  const answer = await client.postBatch(batch)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe(
    'application/private-token-generic-batch-response',
  )
  const tokens = await finishBatch(answer.bytes)
  expect(new Set(tokens.map((token) => hash('sha256', token.serialize()))).size).toBe(8)
})

test.each([
  ['message', 'new', { size: 8, batches: 1 }],
  ['message', 'normal', { size: 8, batches: 8 }],
  ['message', 'restricted', { size: 1, batches: 1 }],
  ['first-contact', 'new', { size: 10, batches: 1 }],
  ['first-contact', 'normal', { size: 10, batches: 1 }],
  ['first-contact', 'restricted', { size: 1, batches: 1 }],
] as const)(
  'for %s an account that is %s gets exactly %o a day',
  async (tokenClass, standing, { size, batches }) => {
    const client = clientOf(standing)
    const key = await client.key(tokenClass)
    for (const wrong of [size - 1, size + 1].filter((count) => count > 0 && count <= 10))
      expect(await client.postBatch(someBatch(key, wrong))).toMatchObject({
        status: 422,
        code: 'token-batch-size',
        facts: { size },
      })
    for (let count = 0; count < batches; count++) {
      const answer = await client.postBatch(someBatch(key, size))
      expect(answer.status).toBe(200)
      expect(answer.bytes.length).toBeGreaterThan(size * 259)
    }
    expect(await client.postBatch(someBatch(key, size))).toMatchObject({
      status: 429,
      code: 'quota-exhausted',
    })
  },
)

test('an account that is banned gets nothing, whatever its class', async () => {
  const client = clientOf('banned')
  for (const tokenClass of ['message', 'first-contact'])
    expect(await client.postSingle(someSingle(await client.key(tokenClass)))).toMatchObject({
      status: 403,
      code: 'account-banned',
    })
})

test('the classes have quotas of their own', async () => {
  const client = clientOf('normal')
  const message = await client.postBatch(someBatch(await client.key('message'), 8))
  const contact = await client.postBatch(someBatch(await client.key('first-contact'), 10))
  expect([message.status, contact.status]).toEqual([200, 200])
})

test('the same octets get the same answer for free, also when the standing has fallen', async () => {
  const client = clientOf('new')
  const batch = someBatch(await client.key('message'), 8)
  const answers = [await client.postBatch(batch), await client.postBatch(batch)]
  const { secret, account } = client
  issuing().attester.accounts.set(secret, { account, standing: 'restricted' })
  answers.push(await client.postBatch(batch))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(new Set(answers.map(({ bytes }) => hash('sha256', bytes))).size).toBe(1)
})

test('the same octets are not answered without end', async () => {
  const client = clientOf('restricted')
  const single = someSingle(await client.key('message'))
  const statuses: number[] = []
  for (let count = 0; count < 34; count++) statuses.push((await client.postSingle(single)).status)
  expect(statuses.slice(0, 33).every((status) => status === 200)).toBe(true)
  expect(statuses[33]).toBe(429)
})

test('of requests that come at once one wins, and only its octets are answered again', async () => {
  const client = clientOf('new')
  const key = await client.key('message')
  const batches = Array.from({ length: 8 }, () => someBatch(key, 8))
  const answers = await Promise.all(batches.map((batch) => client.postBatch(batch)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(answers.filter(({ code }) => code === 'quota-exhausted')).toHaveLength(7)
})

test('a quota ends with the day, and the refusal says when', async () => {
  const client = clientOf('restricted')
  const key = await client.key('message')
  await client.postSingle(someSingle(key))
  const refused = await client.postSingle(someSingle(key))
  expect(refused.headers.get('retry-after')).toBe(String(DAY_MS / 2 / 1_000))
  issuing().time.nowMs += DAY_MS / 2 - 1
  expect((await client.postSingle(someSingle(key))).status).toBe(429)
  issuing().time.nowMs += 1
  expect((await client.postSingle(someSingle(key))).status).toBe(200)
})

test('a clock that goes back a day gives no second quota', async () => {
  const client = clientOf('restricted')
  const key = await client.key('message')
  issuing().time.nowMs += DAY_MS
  expect((await client.postSingle(someSingle(key))).status).toBe(200)
  issuing().time.nowMs -= DAY_MS
  expect((await client.postSingle(someSingle(key))).status).toBe(200)
  issuing().time.nowMs += DAY_MS
  expect((await client.postSingle(someSingle(key))).status).toBe(429)
})

test('whoever is not known, or says nothing, gets nothing and is told how', async () => {
  const key = await new TokenClient(url()).key('message')
  for (const bearer of [undefined, 'nobody']) {
    const answer = await new TokenClient(url(), bearer).postSingle(someSingle(key))
    expect(answer).toMatchObject({ status: 401, code: 'account-not-authenticated' })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  }
})

test.each([
  ['that is silent', 'silent'],
  ['that hangs up', 'hangs-up'],
  ['that fails', { status: 500, body: '{}' }],
  ['that answers with nothing', { status: 200, body: '' }],
  ['that answers with no JSON', { status: 200, body: 'account: me' }],
  ['that makes up a standing', { status: 200, body: '{"account":"a","standing":"vip"}' }],
  ['that names nobody', { status: 200, body: '{"account":"","standing":"normal"}' }],
  ['that says more', { status: 200, body: '{"account":"a","standing":"normal","size":999}' }],
  ['that says too much', { status: 200, body: `"${'x'.repeat(20_000)}"` }],
  ['that sends elsewhere', { status: 302, body: '' }],
] as const)('with an attester %s nobody gets tokens', async (_, mood) => {
  const client = clientOf('new')
  const key = await client.key('message')
  issuing().attester.mood = mood
  const batch = someBatch(key, 8)
  const refused = await client.postBatch(batch)
  expect(refused).toMatchObject({ status: 503, code: 'attester-unavailable' })
  expect(refused.headers.get('retry-after')).not.toBeNull()
  // And nothing of the quota is gone.
  issuing().attester.mood = 'knows'
  expect((await client.postBatch(batch)).status).toBe(200)
})

test('health says that the attester is away, and metrics count what was issued and refused', async () => {
  const { attester, provider } = issuing()
  const { admin } = provider.gateway.urls
  const health = async () => {
    const { components } = (await (await fetch(`${admin}/readyz`)).json()) as Readyz
    return components['issuer']
  }
  const client = clientOf('new')
  const batch = someBatch(await client.key('first-contact'), 10)
  attester.mood = 'hangs-up'
  await client.postBatch(batch)
  expect(await health()).toEqual({ state: 'degraded', reason: 'attester-unavailable' })
  attester.mood = 'knows'
  await client.postBatch(batch)
  expect(await health()).toEqual({ state: 'up' })
  const metrics = await (await fetch(`${admin}/metrics`)).text()
  expect(metrics).toMatch(/^postern_tokens_issued_total{.*class="first-contact"} \d+$/m)
  expect(metrics).toMatch(/^postern_tokens_refused_total{.*code="attester-unavailable"} \d+$/m)
})

interface Readyz {
  readonly components: Readonly<Record<string, object>>
}

test('every request is attested, also one that is repeated', async () => {
  const client = clientOf('restricted')
  const single = someSingle(await client.key('message'))
  await client.postSingle(single)
  issuing().attester.accounts.delete(client.secret)
  expect((await client.postSingle(single)).status).toBe(401)
})

test('what cannot be answered is refused before anybody is asked, and costs no quota', async () => {
  const client = clientOf('new')
  const key = await client.key('message')
  const other = await client.key('first-contact')
  const good = someBatch(key, 8)
  const single = someSingle(key)
  const asked = issuing().attester.questions.length
  const tooLarge = Buffer.from(single).fill(0xff, 3)
  const voprf = Buffer.concat([Buffer.from([0, 1]), single.subarray(2, 52)])
  const cases = [
    [client.postSingle(Buffer.alloc(0)), 422, 'token-request-invalid'],
    [client.postSingle(single.subarray(0, -1)), 422, 'token-request-invalid'],
    [client.postSingle(Buffer.concat([single, Buffer.of(0)])), 422, 'token-request-invalid'],
    [client.postSingle(tooLarge), 422, 'token-request-invalid'],
    [client.postSingle(voprf), 422, 'token-request-invalid'],
    [client.postSingle(good), 422, 'token-request-invalid'],
    [client.postBatch(single), 422, 'token-request-invalid'],
    [client.postBatch(Buffer.of(0)), 422, 'token-request-invalid'],
    [client.postBatch(good.subarray(0, -1)), 422, 'token-request-invalid'],
    [client.postBatch(mixed(key, other)), 422, 'token-request-invalid'],
    [client.postSingle(withKeyEnd(single, unusedEnd([key, other]))), 422, 'token-key-unknown'],
    [client.postBatch(Buffer.alloc(20_000)), 413, 'body-too-large'],
    [client.post('application/json', single), 400, 'malformed-request'],
    [client.post('', single), 400, 'malformed-request'],
  ] as const
  for (const [answer, status, code] of cases) expect(await answer).toMatchObject({ status, code })
  expect(issuing().attester.questions.length).toBe(asked)
  expect((await client.postBatch(good)).status).toBe(200)
})

test('a flood of malformed requests does not keep others waiting', async () => {
  const client = clientOf('restricted')
  const key = await client.key('message')
  const flood = Array.from({ length: 600 }, (_, at) =>
    new TokenClient(url(), 'flood').postSingle(Buffer.alloc(at % 300, at)),
  )
  expect((await client.postSingle(someSingle(key))).status).toBe(200)
  for (const { status } of await Promise.all(flood)) expect([422, 429]).toContain(status)
})

test('of one address only so many requests are under way', async () => {
  const client = clientOf('new')
  const single = someSingle(await client.key('message'))
  issuing().attester.mood = 'silent'
  const answers = await Promise.all(Array.from({ length: 80 }, () => client.postSingle(single)))
  const codes = Map.groupBy(answers, ({ code }) => code)
  expect(codes.get('attester-unavailable')).toHaveLength(64)
  expect(codes.get('rate-limited')).toHaveLength(16)
  issuing().attester.mood = 'knows'
  expect((await client.postSingle(single)).status).toBe(200)
})

/** Two requests that name keys of two classes. */
function mixed(key: Uint8Array, other: Uint8Array): Buffer {
  const requests = [someSingle(key), someSingle(other)]
  const head = Buffer.alloc(2)
  head.writeUInt16BE(0x4000 | (2 * 259))
  return Buffer.concat([head, ...requests])
}

function withKeyEnd(single: Buffer, end: number): Buffer {
  const changed = Buffer.from(single)
  changed[2] = end
  return changed
}

function unusedEnd(keys: readonly Uint8Array[]): number {
  const used = new Set(keys.map((key) => keyIdOf(key).at(-1)))
  return [0, 1, 2].find((end) => !used.has(end)) ?? 3
}
