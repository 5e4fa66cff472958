import { hash, randomBytes } from 'node:crypto'
import { fastify } from 'fastify'
import { blindRsaScheme } from '../../src/privacypass/blind-rsa/scheme.ts'
import { readBlindRsaKey } from '../../src/privacypass/blind-rsa/token-key.ts'
import { openEmbeddedSpentTokens } from '../../src/privacypass/spent-embedded.ts'
import { readTokenHeader } from '../../src/privacypass/token-header.ts'

// The same route twice: once it takes a body and answers, once it also redeems the token beside it, which
// is spent durably before the answer.

/** What it is started with, as JSON in its first argument; octets in base64url. */
export interface TokenRoutesData {
  readonly tokenKey: string
  readonly challengeDigest: string
  readonly epochStart: number
  /** Where spent tokens are kept. */
  readonly directory: string
}

/** What it says when it listens, and whenever it is asked for anything. */
export interface TokenRoutesState {
  readonly port: number
  /** Of all its threads. */
  readonly cpuMicros: number
  /** Tokens that were spent by now. */
  readonly spent: number
}

const data: TokenRoutesData = JSON.parse(process.argv[2] ?? '')
const key = readBlindRsaKey(octets(data.tokenKey), 'b.example')
if (key === undefined) throw new Error('no key')
const expected = {
  keys: [key],
  challenges: [{ digest: octets(data.challengeDigest), context: data.epochStart }],
}
const store = await openEmbeddedSpentTokens({
  directory: data.directory,
  clock: Date.now,
  randomness: randomBytes,
})
let spent = 0
const ANSWER = { done: true }

const app = fastify({ logger: false, keepAliveTimeout: 65_000 })
const parseAs = { parseAs: 'buffer' } as const
app.addContentTypeParser('application/octet-stream', parseAs, (_, body, done) => done(null, body))
app.post('/plain', (_, reply) => reply.code(201).send(ANSWER))
app.post('/redeem', async ({ headers, body }, reply) => {
  const isSpent = await redeem(headers.authorization ?? '', body as Buffer)
  return reply.code(isSpent ? 201 : 403).send(ANSWER)
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.on('SIGTERM', () => process.exit())
process.on('message', sayState)
process.on('disconnect', () => process.exit())
sayState()

async function redeem(header: string, body: Buffer): Promise<boolean> {
  const bytes = readTokenHeader(header)
  if (bytes === undefined) return false
  const verdict = blindRsaScheme.verify(blindRsaScheme.parse(bytes), expected)
  if (verdict.kind === 'refused') return false
  const { keyId, spendKey, context: epoch } = verdict.token
  const requestHash = hash('sha256', body, 'buffer').subarray(0, 8)
  const { kind } = await store.spend({ epoch, keyId, spendKey, requestHash })
  if (kind === 'spent') spent += 1
  return kind === 'spent'
}

function sayState(): void {
  const address = app.server.address()
  const { user, system } = process.cpuUsage()
  const state: TokenRoutesState = {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    cpuMicros: user + system,
    spent,
  }
  process.send?.(state)
}

function octets(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}
