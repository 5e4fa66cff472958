import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createRelayLog,
  relayLogMigrations,
  type RelayedMessage,
} from '../../src/franking/relay-log.ts'
import { loadDayKeys } from '../../src/keys/day-keys.ts'
import { openStore } from '../../src/sqlite/store.ts'
import { measureIntake } from './report-intake.ts'
import { atLeast, atMost, quantile, report, type Section } from './section.ts'

/** What one message costs in the sealed relay log, with a sender as long as a room pseudonym is. */
async function relayLogSection(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-relay-log-'))
  try {
    const path = join(directory, 'store.db')
    await using store = await openStore({ path, migrations: relayLogMigrations })
    const log = createRelayLog({ store, keys: await loadDayKeys(join(directory, 'days')) })
    await log.ready(NOW_MS)
    const writeUs: number[] = []
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const messages = Array.from({ length: BATCH }, message)
      const startMs = performance.now()
      const written = messages.map((one) => log.record(one))
      writeUs.push(((performance.now() - startMs) * 1_000) / BATCH)
      await Promise.all(written)
    }
    const findUs = Array.from({ length: BATCHES }, () => {
      const startMs = performance.now()
      for (let count = 0; count < BATCH; count += 1) log.find(ROOM, randomBytes(32))
      return ((performance.now() - startMs) * 1_000) / BATCH
    })
    const sizes = store.get(
      'SELECT sum(length(entry) + length(sealed)) AS octets, count(*) AS n FROM relay_log',
    )
    const [octets, count] = [Number(sizes?.['octets']), Number(sizes?.['n'])]
    await store[Symbol.asyncDispose]()
    const fileOctets = statSync(path).size / count
    const perMessageUs = quantile(writeUs, 0.5)
    const intake = await measureIntake(directory)
    return {
      title: 'Sealed relay log: one message of a room pseudonym; and the intake of reports',
      rows: [
        {
          what: 'an entry, sealed and queued',
          unit: 'µs',
          median: perMessageUs,
          p99: quantile(writeUs, 0.99),
        },
        { what: 'a look-up in one day', unit: 'µs', median: quantile(findUs, 0.5) },
        { what: 'reports, verified and kept', unit: '/s', median: intake.perSecond },
      ],
      bars: [
        atMost('an entry', perMessageUs, '40 µs'),
        atMost('octets of an entry', octets / count, '160 '),
        atLeast('reports per second of one core', intake.perCoreSecond, 500),
      ],
      notes: [
        `${Math.round(fileOctets)} octets of the file per entry, free space of its pages included`,
      ],
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function message(): RelayedMessage {
  return {
    room: ROOM,
    frankingTag: randomBytes(32),
    sender: 'mimi://b.example/u/0f8fad5b-d9cb-469f-a165-70867728950e',
    timestampMs: NOW_MS,
    serverFrank: randomBytes(32),
    sequence: 4_711n,
    nowMs: NOW_MS,
  }
}

const NOW_MS = 1_795_132_800_000
const ROOM = 'mimi://hub.example/r/Rl33FWLCYWOwxHrYnpWDQg'
const BATCH = 100
const BATCHES = 400

report(await relayLogSection())
