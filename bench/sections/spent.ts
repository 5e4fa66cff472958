import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Client } from 'pg'
import { openEmbeddedSpentTokens } from '../../src/privacypass/spent-embedded.ts'
import { nodeFiles } from '../../src/privacypass/spent-files.ts'
import { createFingerprint } from '../../src/privacypass/spent-fingerprint.ts'
import { encodeFrame, type SpentRecord } from '../../src/privacypass/spent-frame.ts'
import { SpentLedger } from '../../src/privacypass/spent-ledger.ts'
import { takeOwnership } from '../../src/privacypass/spent-owner.ts'
import { postgresSpentTokens } from '../../src/privacypass/spent-postgres.ts'
import { FingerprintSet } from '../../src/privacypass/spent-set.ts'
import { BATCH_MAX, type SpentTokens } from '../../src/privacypass/spent-tokens.ts'
import { atMost, quantile, report, type Section, type SectionRow } from './section.ts'

const TOKENS = 10_000_000
const AT_ONCE = 10_000
const IN_FLIGHT = 256
const DURABLE_MS = 4_000
const FRAMES_AT_ONCE = 1_024
const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test'
const NOW_MS = Date.now()
const EPOCH = Math.floor(NOW_MS / 86_400_000) * 86_400
const keyId = randomBytes(32)

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-spent-'))
try {
  report(await spentSection())
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** What it costs a hub to know which tokens were spent. */
async function spentSection(): Promise<Section> {
  const memory = fill()
  const reload = await measureReload(BATCH_MAX)
  const oneByOne = await measureReload(1)
  const embedded = await measureEmbedded()
  const postgres = await measurePostgres()
  const notes = postgres === undefined ? ['PostgreSQL does not answer: its row is missing'] : []
  return {
    title: 'Spent tokens, 10 million in an epoch',
    rows: [
      {
        what: 'fingerprint and insert, CPU',
        unit: 'µs',
        median: quantile(memory.micros, 0.5),
        p99: quantile(memory.micros, 0.99),
      },
      { what: 'longest stall of an insert', unit: 'ms', median: memory.longestMs },
      { what: 'memory of the set', unit: 'MiB', median: memory.mebibytes },
      ...reloadRows(`in frames of ${BATCH_MAX}`, reload),
      ...reloadRows('spent one by one', oneByOne),
      ...durableRows('embedded, synced', embedded),
      ...(postgres === undefined ? [] : durableRows('PostgreSQL, synchronous', postgres)),
    ],
    bars: [
      atMost('memory of 10 million', memory.mebibytes, '130 MiB'),
      atMost('fingerprint and insert', quantile(memory.micros, 0.5), '1 µs'),
      atMost('start with 10 million', Math.max(reload.ms, oneByOne.ms), '5000 ms'),
    ],
    notes,
  }
}

function durableRows(what: string, { perSecond, micros }: Durable): readonly SectionRow[] {
  return [
    { what: `${what}: spends with ${IN_FLIGHT} in flight`, unit: '/s', median: perSecond },
    { what: 'the same, our CPU of one', unit: 'µs', median: micros },
  ]
}

/** The set alone, from empty. */
function fill() {
  const fingerprint = createFingerprint(randomBytes(16))
  const spendKey = randomBytes(32)
  const before = process.memoryUsage().arrayBuffers
  const set = new FingerprintSet()
  const micros: number[] = []
  let longestMs = 0
  for (let begin = 0; begin < TOKENS; begin += AT_ONCE) {
    const since = process.cpuUsage()
    for (let token = begin; token < begin + AT_ONCE; token += 1) {
      spendKey.writeUInt32LE(token)
      const words = fingerprint(keyId, spendKey)
      set.add(words[0] ?? 0, words[1] ?? 0)
    }
    micros.push(cpuMicros(since) / AT_ONCE)
  }
  const mebibytes = (process.memoryUsage().arrayBuffers - before) / 1_048_576
  // Stalls are looked for in another set: the clock would count as insert.
  const other = new FingerprintSet()
  for (let token = 0; token < TOKENS / 10; token += 1) {
    spendKey.writeUInt32LE(token)
    const words = fingerprint(keyId, spendKey)
    const since = performance.now()
    other.add(words[0] ?? 0, words[1] ?? 0)
    longestMs = Math.max(longestMs, performance.now() - since)
  }
  return { micros, longestMs, mebibytes }
}

interface Reload {
  readonly ms: number
  readonly cpuMs: number
  readonly stallMs: number
}

function reloadRows(how: string, { ms, cpuMs, stallMs }: Reload): readonly SectionRow[] {
  return [
    { what: `start with a log of all of them, ${how}`, unit: 'ms', median: ms },
    { what: 'the same, CPU', unit: 'ms', median: cpuMs },
    { what: 'longest stall of the event loop in it', unit: 'ms', median: stallMs },
  ]
}

/** From the opening of the store, as a gateway does it, until it takes tokens. */
async function measureReload(perFrame: number): Promise<Reload> {
  const store = join(directory, `reload-${perFrame}`)
  await writeLog(store, perFrame)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const since = process.cpuUsage()
  const sinceMs = performance.now()
  delay.enable()
  await using opened = await open(store)
  const ms = performance.now() - sinceMs
  const cpuMs = cpuMicros(since) / 1_000
  delay.disable()
  const [state] = await opened.epochs()
  if (state?.kind !== 'open' || state.spent < TOKENS - 1) throw new Error('tokens are missing')
  return { ms, cpuMs, stallMs: delay.max / 1e6 }
}

/** As spends would have written it, but without waiting for the disk each time. */
async function writeLog(store: string, perFrame: number): Promise<void> {
  // Makes the directory, and nothing else.
  await (await open(store))[Symbol.asyncDispose]()
  const shard = join(store, 'shard-0-of-1')
  const ownership = await takeOwnership(nodeFiles, shard, randomBytes)
  const options = { files: nodeFiles, directory: shard, ownership }
  const ledger = new SpentLedger(options, { floor: 0, epochs: [] })
  const key = randomBytes(16)
  const entry = { kind: 'open', epoch: EPOCH, key, parts: [] } as const
  await ledger.change((manifest) => ({ ...manifest, epochs: [entry] }))
  const part = await ledger.openPart(EPOCH, undefined)
  const frames = TOKENS / perFrame
  for (let written = 0; written < frames; written += FRAMES_AT_ONCE) {
    const group: Buffer[] = []
    const count = Math.min(FRAMES_AT_ONCE, frames - written)
    for (let index = 0; index < count; index += 1) {
      const frame = encodeFrame(randomRecords(perFrame), NOW_MS - 3_600_000, part.check)
      part.check = frame.check
      group.push(frame.bytes)
    }
    const bytes = Buffer.concat(group)
    await part.file.write(bytes, 0, bytes.length, part.length)
    part.length += bytes.length
  }
  await part.file.sync()
  await ledger.seal(EPOCH, part)
  await part.file.close()
  await ownership.end()
}

function randomRecords(count: number): readonly SpentRecord[] {
  const bytes = randomBytes(count * 24)
  return Array.from({ length: count }, (_, index) => ({
    first: bytes.readInt32LE(index * 24),
    second: bytes.readInt32LE(index * 24 + 4),
    third: bytes.readInt32LE(index * 24 + 8),
    fourth: bytes.readInt32LE(index * 24 + 12),
    requestLow: bytes.readInt32LE(index * 24 + 16),
    requestHigh: bytes.readInt32LE(index * 24 + 20),
  }))
}

interface Durable {
  readonly perSecond: number
  readonly micros: number
}

async function measureEmbedded(): Promise<Durable> {
  await using store = await open(join(directory, 'durable'))
  return await measureDurable(store)
}

/** Undefined where there is no server. */
async function measurePostgres(): Promise<Durable | undefined> {
  const client = new Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 2_000 })
  try {
    await client.connect()
  } catch {
    return undefined
  }
  const schema = `postern_bench_${randomBytes(6).toString('hex')}`
  const options = { url: POSTGRES_URL, schema, clock: Date.now, randomness: randomBytes }
  try {
    await using store = postgresSpentTokens(options)
    return await measureDurable(store)
  } finally {
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await client.end()
  }
}

async function measureDurable(store: SpentTokens): Promise<Durable> {
  await spendNew(store)
  const since = process.cpuUsage()
  const sinceMs = performance.now()
  let spent = 0
  const lane = async (): Promise<void> => {
    while (performance.now() - sinceMs < DURABLE_MS) {
      await spendNew(store)
      spent += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  const ms = performance.now() - sinceMs
  return { perSecond: (spent / ms) * 1_000, micros: cpuMicros(since) / spent }
}

async function spendNew(store: SpentTokens): Promise<void> {
  const spendKey = randomBytes(32)
  const spend = { epoch: EPOCH, keyId, spendKey, requestHash: spendKey.subarray(0, 8) }
  const { kind } = await store.spend(spend)
  if (kind !== 'spent') throw new Error(kind)
}

function open(path: string): Promise<SpentTokens> {
  return openEmbeddedSpentTokens({ directory: path, clock: Date.now, randomness: randomBytes })
}

function cpuMicros(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return user + system
}
