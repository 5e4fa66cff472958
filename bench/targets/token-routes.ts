import { fastify } from 'fastify'
import { blindRsaScheme } from '../../src/privacypass/blind-rsa/scheme.ts'
import { readBlindRsaKey } from '../../src/privacypass/blind-rsa/token-key.ts'
import { readTokenHeader } from '../../src/privacypass/token-header.ts'

// The same route twice: once it takes a body and answers, once it also redeems the token beside it.

/** What it is started with, as JSON in its first argument; octets in base64url. */
export interface TokenRoutesData {
  readonly tokenKey: string
  readonly challengeDigest: string
}

/** What it says when it listens, and whenever it is asked for anything. */
export interface TokenRoutesState {
  readonly port: number
  /** Of all its threads. */
  readonly cpuMicros: number
  readonly spent: number
}

const data: TokenRoutesData = JSON.parse(process.argv[2] ?? '')
const key = readBlindRsaKey(octets(data.tokenKey), 'b.example')
if (key === undefined) throw new Error('no key')
const expected = {
  keys: [key],
  challenges: [{ digest: octets(data.challengeDigest), context: undefined }],
}
const spent = new Set<string>()
const ANSWER = { done: true }

const app = fastify({ logger: false, keepAliveTimeout: 65_000 })
const parseAs = { parseAs: 'buffer' } as const
app.addContentTypeParser('application/octet-stream', parseAs, (_, body, done) => done(null, body))
app.post('/plain', (_, reply) => reply.code(201).send(ANSWER))
app.post('/redeem', ({ headers }, reply) => {
  const isSpent = redeem(headers.authorization ?? '')
  return reply.code(isSpent ? 201 : 403).send(ANSWER)
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.on('SIGTERM', () => process.exit())
process.on('message', sayState)
process.on('disconnect', () => process.exit())
sayState()

function redeem(header: string): boolean {
  const bytes = readTokenHeader(header)
  if (bytes === undefined) return false
  const verdict = blindRsaScheme.verify(blindRsaScheme.parse(bytes), expected)
  if (verdict.kind === 'refused') return false
  const spendKey = verdict.token.spendKey.toString('latin1')
  if (spent.has(spendKey)) return false
  spent.add(spendKey)
  return true
}

function sayState(): void {
  const address = app.server.address()
  const { user, system } = process.cpuUsage()
  const state: TokenRoutesState = {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    cpuMicros: user + system,
    spent: spent.size,
  }
  process.send?.(state)
}

function octets(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}
