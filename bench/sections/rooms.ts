import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { mlsSuite } from '../../src/mls-crypto/suite.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { createGroup } from '../../src/client/mls/open-group.ts'
import { roomsMigrations } from '../../src/rooms/migrations.ts'
import { RoomRegistry } from '../../src/rooms/room-registry.ts'
import { insertRoom } from '../../src/rooms/room-store.ts'
import { openStore, type Store } from '../../src/sqlite/store.ts'
import { keyPackageOf, roomExtensions } from '../../test/support/mls-members.ts'
import { commitHandshake, newRoom } from '../../test/support/rooms.ts'
import { atMost, quantile, report, type Section } from './section.ts'

const LARGE = 1_000
const OPENINGS = 15
const COMMITS = 300
const WARM_UP = 200
const ROOMS = 100_000
const MEMBERS = 10
/** Groups that differ; each stands for as many rooms. */
const GROUPS = 50
const REOPENED = 5_000
const AT_ONCE = 1_000
/** A prime that does not divide their number: each next one is another room, elsewhere in the file. */
const STRIDE = 7_919
const MANY = `${ROOMS.toLocaleString('en')} rooms of ${MEMBERS}`

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-rooms-'))
try {
  report(await roomsSection())
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** What it costs to follow rooms: a large one, and many. */
async function roomsSection(): Promise<Section> {
  // First: what the clients leave behind counts as memory of the rooms.
  const many = await manyRooms()
  const { openings, stalls, commits } = await largeRoom()
  const megabytes = Math.max(...many.megabytes)
  return {
    title: 'Rooms that the gateway is the hub of, followed without secrets',
    rows: [
      { what: `opening a group of 1,000, CPU`, unit: 'ms', median: quantile(openings, 0.5) },
      row('the same, longest stall of the event loop in each', stalls),
      row('a commit in it, CPU', commits),
      row(`${MANY}: one from the disk, CPU`, many.reopenings),
      { what: `${MANY}: resident memory of the process`, unit: 'MiB', median: megabytes },
    ],
    bars: [
      atMost('opening a group of 1,000', quantile(openings, 0.5), '300 ms'),
      atMost('longest stall in an opening', quantile(stalls, 0.5), '20 ms'),
      atMost('a commit in it', quantile(commits, 0.5), '2 ms'),
      atMost('a room from the disk, p99', quantile(many.reopenings, 0.99), '20 ms'),
      atMost('memory', megabytes, '512 MiB'),
    ],
  }
}

function row(what: string, values: readonly number[]) {
  return { what, unit: 'ms', median: quantile(values, 0.5), p99: quantile(values, 0.99) } as const
}

async function largeRoom() {
  const alice = groupWith(LARGE)
  await using store = await openRooms('large.db')
  const registry = new RoomRegistry(store)
  const openings: number[] = []
  const stalls: number[] = []
  const uris = Array.from({ length: OPENINGS + 1 }, (_, n) => `mimi://a.example/r/large-${n}`)
  // Made before: what a client does for it is none of ours.
  const rooms = uris.map((uri) => newRoom(alice, uri))
  for (const room of rooms) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const since = process.cpuUsage()
    delay.enable()
    await registry.create(room)
    delay.disable()
    openings.push(cpuMs(since))
    stalls.push(delay.max / 1e6)
  }
  const handshake = commitHandshake(alice.commit())
  const [room = ''] = uris
  const commits = Array.from({ length: WARM_UP + COMMITS }, () => {
    const since = process.cpuUsage()
    registry.stage(room, handshake)
    return cpuMs(since)
  })
  // The first ones warm up. What stands out among stalls is the collector's, once in a few openings.
  return {
    openings: openings.slice(1),
    stalls: stalls.slice(1),
    commits: commits.slice(WARM_UP),
  }
}

async function manyRooms() {
  await using store = await openRooms('many.db')
  const groups = Array.from({ length: GROUPS }, () => newRoom(groupWith(MEMBERS)))
  for (let begin = 0; begin < ROOMS; begin += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => {
        const number = begin + index
        const group = groups[number % GROUPS]
        if (group === undefined) throw new Error('no group')
        return insertRoom(store, { ...group, room: uriOf(number) })
      }),
    )
  const registry = new RoomRegistry(store)
  const reopenings: number[] = []
  const megabytes: number[] = []
  for (let count = 0; count < REOPENED; count++) {
    const room = uriOf((count * STRIDE) % ROOMS)
    const since = process.cpuUsage()
    if (registry.find(room) === undefined) throw new Error('a room is missing')
    reopenings.push(cpuMs(since))
    if (count % 100 === 0) megabytes.push(process.memoryUsage.rss() / 1_048_576)
  }
  return { reopenings, megabytes }
}

/** A group whose creator has added everybody else in one commit. */
function groupWith(members: number): MlsGroup {
  const users = Array.from({ length: members }, (_, n) => `mimi://p${n % 10}.example/u/user${n}`)
  const [first = '', ...others] = users
  const creator = createGroup(mlsSuite(1), {
    groupId: Buffer.from('mimi://a.example/g/benchmark'),
    extensions: roomExtensions(users),
    keyPackage: keyPackageOf(first),
  })
  const proposals = others.map(
    (user) => ({ kind: 'add', keyPackage: keyPackageOf(user).keyPackage }) as const,
  )
  creator.commit({ proposals })
  creator.applyPendingCommit()
  return creator
}

function openRooms(name: string): Promise<Store> {
  return openStore({ path: join(directory, name), migrations: roomsMigrations })
}

function uriOf(number: number): string {
  return `mimi://a.example/r/room-${number}`
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000
}
