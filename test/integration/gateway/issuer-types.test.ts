import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { TokenChallenge } from '@cloudflare/privacypass-ts'
import { expect, test } from 'vitest'
import {
  amortizedBatchRequestCodec,
  amortizedBatchResponseCodec,
  genericBatchRequestCodec,
} from '../../../src/privacypass/batch-issuance.ts'
import { tokenRequestCodec, type TokenRequest } from '../../../src/privacypass/issuance.ts'
import { mediaTypes } from '../../../src/privacypass/media-types.ts'
import { requestAmortizedTokens } from '../../../src/privacypass/voprf/request-tokens.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import type { Provider } from '../../support/federation.ts'
import {
  DAY_MS,
  NOON_MS,
  openIssuingProvider,
  useIssuingProvider,
} from '../../support/issuing-provider.ts'
import { oprfGroups, ristretto255Group } from '../../support/oprf-groups.ts'
import { otherVoprfRequest } from '../../support/own-tokens.ts'
import { runCli } from '../../support/run-cli.ts'
import { keyIdOf, someBatch, someSingle, TokenClient } from '../../support/token-client.ts'

const all = {
  issuer: { voprfP384: true },
  extra: { experimental: { batchedTokens: true } },
} as const
const issuing = useIssuingProvider(all)

async function keyOf(client: TokenClient, type: number): Promise<Buffer> {
  const found = (await client.directory()).find(({ tokenType }) => tokenType === type)
  if (found === undefined) throw new Error('no key')
  return found.tokenKey
}

/** A request for a random element, which is all that an issuer can tell of a blinded one. */
function someElement(tokenType: keyof typeof oprfGroups, key: Uint8Array): TokenRequest {
  const group = oprfGroups[tokenType]
  const blindedMessage = group.multiplyGenerator(group.randomScalar(randomBytes))
  return { tokenType, truncatedTokenKeyId: keyIdOf(key).at(-1) ?? 0, blindedMessage }
}

function amortized(key: Uint8Array, count: number): Buffer {
  const requests = Array.from({ length: count }, () => someElement('voprfRistretto255', key))
  return encode(amortizedBatchRequestCodec, {
    tokenType: 'voprfRistretto255',
    truncatedTokenKeyId: keyIdOf(key).at(-1) ?? 0,
    blindedMessages: requests.map(({ blindedMessage }) => blindedMessage),
  })
}

function postAmortized(client: TokenClient, body: Uint8Array) {
  return client.post(mediaTypes.amortizedBatchRequest, body)
}

/** `postern keys …` about a provider. */
function keysCli(of: Provider, ...args: readonly string[]) {
  return runCli(['keys', ...args, '--socket', of.config().listeners.admin.socket])
}

test('each type has a key in the directory, behind those of type 0x0002', async () => {
  const keys = await new TokenClient(issuing().url).directory()
  expect(keys.map(({ tokenType, tokenClass }) => [tokenType, tokenClass])).toEqual([
    [2, 'message'],
    [2, 'first-contact'],
    [1, 'message'],
    [5, 'message'],
  ])
})

test('type 0x0001 has its share of the CPU; the same octets get their answer when it has room', async () => {
  const { time } = issuing()
  const client = issuing().client('normal')
  const key = await keyOf(client, 1)
  const challenge = new TokenChallenge(1, 'a.example', Uint8Array.from(randomBytes(32)), [
    'a.example',
  ])
  const { body, finish } = await otherVoprfRequest(challenge, key)
  const tokenRequests = Array.from({ length: 8 }, () => someElement('voprfP384', key))
  const batch = encode(genericBatchRequestCodec, { tokenRequests })
  expect((await client.postBatch(batch)).status).toBe(200)
  const refused = await client.postSingle(body)
  expect(refused).toMatchObject({
    status: 429,
    code: 'rate-limited',
    facts: { limit: 'tokenCpu' },
  })
  const seconds = Number(refused.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  // Other types have nothing to do with it.
  expect((await client.postBatch(someBatch(await client.key('message'), 8))).status).toBe(200)
  expect((await postAmortized(client, amortized(await keyOf(client, 5), 8))).status).toBe(200)
  time.nowMs += seconds * 1_000
  const answer = await client.postSingle(body)
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.bytes).toHaveLength(145)
  // The other implementation checks the proof.
  expect(Buffer.from((await finish(answer.bytes)).serialize()).readUInt16BE(0)).toBe(1)
})

test('a batch of type 0x0005 has one proof, and its tokens are those of the same octets again', async () => {
  const client = issuing().client('new')
  const publicKey = await keyOf(client, 5)
  const pending = requestAmortizedTokens({
    group: ristretto255Group,
    publicKey,
    tokens: Array.from({ length: 8 }, () => ({
      challenge: randomBytes(80),
      nonce: randomBytes(32),
    })),
    randomness: randomBytes,
  })
  const body = encode(amortizedBatchRequestCodec, pending.request)
  const answers = [await postAmortized(client, body), await postAmortized(client, body)]
  const tokens = answers.map(({ bytes }) =>
    pending.finalize(decode(amortizedBatchResponseCodec, bytes)),
  )
  expect(answers[0]?.bytes).toHaveLength(2 + 8 * 32 + 64)
  expect(tokens[0]).toHaveLength(8)
  expect(tokens[1]).toEqual(tokens[0])
})

test('an account has one quota for all types of a class', async () => {
  const client = issuing().client('new')
  expect((await postAmortized(client, amortized(await keyOf(client, 5), 8))).status).toBe(200)
  for (const answer of [
    client.postBatch(someBatch(await client.key('message'), 8)),
    client.postSingle(encode(tokenRequestCodec, someElement('voprfP384', await keyOf(client, 1)))),
    postAmortized(client, amortized(await keyOf(client, 5), 8)),
  ])
    expect(await answer).toMatchObject({ status: 429, code: 'quota-exhausted' })
  expect((await client.postBatch(someBatch(await client.key('first-contact'), 10))).status).toBe(
    200,
  )
})

test('what cannot be answered is refused before anybody is asked, and costs no quota', async () => {
  const client = issuing().client('new')
  const [p384, ristretto] = [await keyOf(client, 1), await keyOf(client, 5)]
  const asked = issuing().attester.questions.length
  const single = encode(tokenRequestCodec, someElement('voprfP384', p384))
  const good = amortized(ristretto, 8)
  const refused = { status: 422, code: 'token-request-invalid' }
  const loose = encode(tokenRequestCodec, someElement('voprfRistretto255', ristretto))
  const cases = [
    [client.postSingle(Buffer.from(single).fill(0xff, 4)), 'message'],
    [client.postSingle(single.subarray(0, -1)), 'encoding'],
    [postAmortized(client, Buffer.from(good).fill(0xff, good.length - 32)), 'message'],
    [postAmortized(client, Buffer.concat([good, Buffer.of(0)])), 'encoding'],
    [postAmortized(client, amortized(ristretto, 0)), 'count'],
    [postAmortized(client, single), 'encoding'],
    [client.postSingle(loose), 'type'],
  ] as const
  for (const [answer, part] of cases)
    expect(await answer).toMatchObject({ ...refused, facts: { part } })
  expect(issuing().attester.questions.length).toBe(asked)
  expect(await postAmortized(client, amortized(ristretto, 7))).toMatchObject({
    code: 'token-batch-size',
    facts: { size: 8 },
  })
  expect((await postAmortized(client, good)).status).toBe(200)
})

test('where the types are off they are neither published nor issued, and no key of them is made', async () => {
  await using plain = await openIssuingProvider()
  const client = plain.client('normal')
  expect((await client.directory()).map(({ tokenType }) => tokenType)).toEqual([2, 2])
  const key = await client.key('message')
  const refused = { status: 422, code: 'token-request-invalid', facts: { part: 'type' } }
  const voprf = encode(tokenRequestCodec, someElement('voprfP384', key))
  expect(await client.postSingle(voprf)).toMatchObject(refused)
  expect(await postAmortized(client, amortized(key, 8))).toMatchObject(refused)
  expect((await client.postSingle(someSingle(key))).status).toBe(200)
  expect((await keysCli(plain.provider, 'list')).stdout).not.toContain('-000')
}, 30_000)

test('an operator sees and rotates the keys of all types; they outlive a restart and are closed files', async () => {
  await using own = await openIssuingProvider(all)
  const { provider, time } = own
  const client = own.client('normal')
  const before = await client.directory()
  const listed = (await keysCli(provider, 'list')).stdout
  expect(listed).toMatch(/^token-issuer-message-0001 +[0-9a-f]{16} {2}active/m)
  expect(listed).toMatch(/^token-issuer-message-0005 +[0-9a-f]{16} {2}active/m)
  const { keysDirectory } = provider.config()
  const secrets = readdirSync(keysDirectory)
    .filter((name) => name.includes('-000'))
    .map((name) => {
      const file = JSON.parse(readFileSync(join(keysDirectory, name), 'utf8')) as { secret: string }
      return Buffer.from(file.secret, 'base64').length
    })
  expect(secrets.toSorted((a, b) => a - b)).toEqual([32, 48])
  await provider.stop()
  await provider.start()
  expect(await new TokenClient(own.url).directory()).toEqual(before)
  await keysCli(provider, 'rotate', 'token-issuer')
  expect(await new TokenClient(own.url).directory()).toHaveLength(8)
  time.nowMs = NOON_MS + 2 * DAY_MS
  const after = own.client('normal')
  const successor = await keyOf(after, 5)
  expect(before.map(({ tokenKey }) => tokenKey)).not.toContainEqual(successor)
  expect((await postAmortized(after, amortized(successor, 8))).status).toBe(200)
  const old = before.find(({ tokenType }) => tokenType === 5)?.tokenKey ?? Buffer.alloc(0)
  expect(await postAmortized(after, amortized(old, 8))).toMatchObject({ code: 'token-key-unknown' })
}, 30_000)
