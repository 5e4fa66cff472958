import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startFederation, type Federation } from '../../support/federation.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { otherRequests, someBatch, someSingle, TokenClient } from '../../support/token-client.ts'

const canary = { user: 'mimi://a.example/u/canary-dolores', client: 'mimi://a.example/d/canary-1' }

async function start(extra: object = {}): Promise<Federation & { directory: string }> {
  const directory = tempDir()
  const issuer = { enabled: true }
  const providers = [{ domain: 'a.example', tokens: true, extra: { issuer, ...extra } }]
  return Object.assign(await startFederation(directory, providers), { directory })
}

/** A user of the embedded delivery service; resolves to the token of the client. */
async function register(federation: Federation): Promise<string> {
  const { clients } = federation.provider('a.example').gateway.urls
  const answer = await fetch(`${clients}/client/v1/clients`, {
    method: 'POST',
    body: JSON.stringify(canary),
  })
  return ((await answer.json()) as { token: string }).token
}

test('accounts of the embedded delivery service get tokens without further configuration', async () => {
  await using federation = await start()
  const url = federation.provider('a.example').gateway.urls.tokens ?? ''
  const client = new TokenClient(url, await register(federation))
  const key = await client.key('first-contact')
  const { batch, finishBatch } = await otherRequests(key, 10)
  const answer = await client.postBatch(batch)
  expect(answer.status).toBe(200)
  expect(await finishBatch(answer.bytes)).toHaveLength(10)
  const stranger = new TokenClient(url, 'A'.repeat(43))
  expect((await stranger.postBatch(batch)).status).toBe(401)
})

test('neither files nor logs of the gateway hold who asked for tokens, or with what', async () => {
  const lines: string[] = []
  const { directory, secret, asked } = await (async () => {
    await using federation = await start()
    const provider = federation.provider('a.example')
    const url = provider.gateway.urls.tokens ?? ''
    const token = await register(federation)
    const client = new TokenClient(url, token)
    const batch = someBatch(await client.key('first-contact'), 10)
    // Accepted, repeated, refused, not known, malformed: all of it.
    const other = someBatch(await client.key('first-contact'), 10)
    const bodies = [batch, batch, other, batch.subarray(1)]
    const statuses: number[] = []
    for (const body of bodies) statuses.push((await client.postBatch(body)).status)
    const wrong = new TokenClient(url, `${token}x`)
    statuses.push((await wrong.postSingle(someSingle(await client.key('message')))).status)
    expect(statuses).toEqual([200, 200, 429, 422, 401])
    await provider.stop()
    lines.push(provider.log())
    return { directory: provider.directory, secret: token, asked: batch }
  })()
  const kept = filesIn(directory).filter(({ name }) => !name.startsWith('reference-ds.'))
  expect(kept.map(({ name }) => name)).toContain('postern.sqlite')
  const everything = [...kept, { name: 'log', bytes: Buffer.from(lines.join('')) }]
  const blinded = asked.subarray(7, 263)
  for (const trace of [...spellings('canary-dolores'), ...spellings(secret), ...spellings(blinded)])
    for (const { name, bytes } of everything)
      expect([name, bytes.includes(trace)]).toEqual([name, false])
  // The search finds what is there: the delivery service does know its users.
  const known = filesIn(directory).filter(({ name }) => name.startsWith('reference-ds.'))
  expect(known.some(({ bytes }) => bytes.includes('canary-dolores'))).toBe(true)
})

test('without an issuer the listener for clients has no keys and issues nothing', async () => {
  await using federation = await start({ issuer: { enabled: false } })
  const url = federation.provider('a.example').gateway.urls.tokens ?? ''
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect((await fetch(`${url}/.well-known/private-token-issuer-directory`)).status).toBe(404)
  const answer = await new TokenClient(url, 'A'.repeat(43)).postSingle(Buffer.alloc(259))
  expect(answer).toMatchObject({ status: 404, code: 'not-found' })
  const { socket } = federation.provider('a.example').config().listeners.admin
  const rotated = await runCli(['keys', 'rotate', 'token-issuer', '--socket', socket])
  expect(rotated).toMatchObject({ exitCode: 1, stderr: 'not-found\n' })
})

/** A text or octets as they are, in hexadecimal and in both kinds of base64. */
function spellings(value: string | Buffer): readonly Buffer[] {
  const bytes = Buffer.from(value)
  const aligned = bytes.subarray(0, bytes.length - (bytes.length % 3))
  const texts = [bytes.toString('hex'), aligned.toString('base64'), aligned.toString('base64url')]
  return [bytes, ...texts.map((text) => Buffer.from(text))]
}

function filesIn(directory: string): readonly { name: string; bytes: Buffer }[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => ({ name, bytes: readFileSync(join(parentPath, name)) }))
}
