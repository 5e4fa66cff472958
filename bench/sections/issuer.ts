import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { constants, privateDecrypt, randomBytes, type KeyObject } from 'node:crypto'
import { openIssuer } from '../../src/assembly/issuer.ts'
import { penaltyMigrations } from '../../src/issuer/penalties.ts'
import { quotaMigrations } from '../../src/issuer/quota-store.ts'
import { loadKeys } from '../../src/keys/key-files.ts'
import { TokensListener } from '../../src/listener/tokens-listener.ts'
import { mediaTypes } from '../../src/privacypass/media-types.ts'
import { parseConfig } from '../../src/settings/parse.ts'
import { createMetrics } from '../../src/signals/metrics.ts'
import { openStore } from '../../src/sqlite/store.ts'
import { someBatch, someSingle } from '../../test/support/token-client.ts'
import { startProcess, unpin, type Child } from '../processes.ts'
import { programPath } from '../stage.ts'
import type { TokenClientsReport, TokenRun } from '../targets/token-clients.ts'
import { atLeast, atMost, quantile, report, type Section } from './section.ts'

/** As many as accounts in good standing get at once. */
const BATCH = 8
const ROUNDS = 7
const SIGNATURES = 500
const CONNECTIONS = 32

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-issuer-'))
try {
  report(await issuerSection())
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** What it costs to issue tokens over HTTP, attestation and quota included, beside the bare signatures. */
async function issuerSection(): Promise<Section> {
  await using stack = new AsyncDisposableStack()
  // Clients, signatures and the event loop are three threads that work at once.
  unpin()
  const clients = stack.use(startClients())
  const { attester } = await said(clients, 'attester')
  const { port, publicKey, privateKey } = await startIssuer(stack, attester)
  const ask = (body: Buffer, contentType: string, count: number) =>
    measured(clients, {
      port,
      contentType,
      body: body.toString('base64'),
      count,
      connections: CONNECTIONS,
    })
  const rounds = { bare: [] as number[], batches: [] as Costs[], singles: [] as Costs[] }
  for (let round = 0; round <= ROUNDS; round++) {
    rounds.bare.push(bareSignatureMs(privateKey))
    rounds.batches.push(await ask(someBatch(publicKey, BATCH), mediaTypes.genericBatchRequest, 160))
    rounds.singles.push(await ask(someSingle(publicKey), mediaTypes.tokenRequest, 600))
  }
  return sectionOf(rounds)
}

interface Rounds {
  readonly bare: readonly number[]
  readonly batches: readonly Costs[]
  readonly singles: readonly Costs[]
}

function sectionOf({ bare, batches, singles }: Rounds): Section {
  const bareMs = middle(bare)
  const perToken = middle(batches.map(({ cpuMs }) => cpuMs / BATCH))
  const perSingle = middle(singles.map(({ cpuMs }) => cpuMs))
  const stallMs = middle(batches.map((costs) => costs.stallMs))
  const tokensPerSecond = middle(batches.map(({ perSecond }) => perSecond * BATCH))
  return {
    title: 'Tokens issued over HTTP, with attestation and quota',
    rows: [
      { what: 'a bare RSA signature, CPU', unit: 'µs', median: bareMs * 1_000 },
      { what: `a token in a batch of ${BATCH}, CPU`, unit: 'µs', median: perToken * 1_000 },
      { what: 'a single token, CPU', unit: 'µs', median: perSingle * 1_000 },
      { what: 'delay of the event loop meanwhile, p99', unit: 'ms', median: stallMs },
    ],
    bars: [
      // The attestation, the quota and the row on the disk are those of 8 tokens.
      atLeast('bare signature : token in a batch, CPU', bareMs / perToken, 0.4),
      atLeast('tokens per second in batches, one signing thread', tokensPerSecond, 800),
      atLeast('single tokens per CPU-second', 1_000 / perSingle, 500),
      atMost('delay of the event loop, p99', stallMs, '20 ms'),
    ],
  }
}

/** The first round warms up. */
function middle(values: readonly number[]): number {
  return quantile(values.slice(1), 0.5)
}

function startClients(): Child {
  return startProcess({
    command: process.execPath,
    args: [programPath('targets/token-clients.ts')],
    pinned: false,
    channel: true,
  })
}

async function startIssuer(stack: AsyncDisposableStack, attester: string) {
  const files = { certificate: 'a.pem', key: 'a.key', ca: 'ca.pem' }
  const written = {
    provider: 'a.example',
    listeners: { peers: files, tokens: {} },
    issuer: { enabled: true, attester: { url: attester } },
  }
  const overrides = { dataDirectory: directory, logLevel: undefined }
  const config = parseConfig('benchmark', JSON.stringify(written), overrides)
  const migrations = [...quotaMigrations, ...penaltyMigrations]
  const store = stack.use(await openStore({ path: join(directory, 'issuer.sqlite'), migrations }))
  const keys = await loadKeys(join(directory, 'keys'), Date.now)
  const metrics = createMetrics()
  const options = { config, store, keys, attesterUrl: undefined, metrics, clock: Date.now }
  const issuer = await openIssuer({ ...options, randomness: randomBytes })
  if (issuer === undefined) throw new Error('no issuer')
  stack.use(issuer)
  const listener = stack.use(new TokensListener({ issuer: issuer.desk, forwardedFor: false }))
  const port = await listener.listen({ host: '127.0.0.1', port: 0 })
  const [key] = issuer.keys.live()
  if (key === undefined) throw new Error('no key')
  return { port, publicKey: key.issuerKey.tokenKey.publicKey, privateKey: key.key }
}

interface Costs {
  /** Of a request, over all threads of this process. */
  readonly cpuMs: number
  readonly perSecond: number
  /** Of the event loop: 99 of 100 turns wait less. */
  readonly stallMs: number
}

async function measured(clients: Child, run: TokenRun): Promise<Costs> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const since = process.cpuUsage()
  delay.enable()
  const answer = said(clients, 'elapsedMs')
  clients.process.send(run)
  const { elapsedMs } = await answer
  delay.disable()
  const { user, system } = process.cpuUsage(since)
  return {
    cpuMs: (user + system) / 1_000 / run.count,
    perSecond: (run.count * 1_000) / elapsedMs,
    stallMs: delay.percentile(99) / 1e6,
  }
}

/** The next message of the clients, which is of this kind. Throws where they end instead. */
async function said<Kind extends 'attester' | 'elapsedMs'>({ process: child }: Child, kind: Kind) {
  const ended = new AbortController()
  const onExit = () => ended.abort(new Error('the clients ended'))
  child.once('exit', onExit)
  const [message] = (await once(child, 'message', ended)) as [TokenClientsReport]
  child.off('exit', onExit)
  if (kind in message) return message as Extract<TokenClientsReport, Record<Kind, unknown>>
  throw new Error('the clients said something else')
}

function bareSignatureMs(key: KeyObject): number {
  const message = Buffer.alloc(256, 0x7f)
  const since = process.cpuUsage()
  for (let count = 0; count < SIGNATURES; count++)
    privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, message)
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000 / SIGNATURES
}
