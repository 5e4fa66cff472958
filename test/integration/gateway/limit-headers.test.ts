import { beforeAll, describe, expect, test } from 'vitest'
import { useClubhouse } from '../../support/clubhouse.ts'
import { callInternal, callPeer } from '../../support/gateway-calls.ts'
import { groupInfoFor, leafIdentity, type Prepared } from '../../support/peer-requests.ts'
import type { PeerReply } from '../../support/peers-listener.ts'
import { messageBody } from '../../support/raw-requests.ts'
import { runCli } from '../../support/run-cli.ts'
import { metricsText } from '../../../src/telemetry.ts'

// The hub a.example gives ten messages per sender, and ten GroupInfos per room; one more in 100 s.
let skippedMs = 0
const ten = { perSecond: 0.01, burst: 10 }
const clubhouse = useClubhouse({
  providers: {
    'a.example': {
      clock: () => Date.now() + skippedMs,
      extra: {
        rates: {
          roomSender: ten,
          groupInfo: ten,
          peerRoom: { perSecond: 0.01, burst: 3, mode: 'shadow' },
        },
      },
    },
  },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

type Domain = 'b.example' | 'c.example'

function send(request: Prepared, from: Domain = 'b.example'): Promise<PeerReply> {
  const { federation } = clubhouse()
  const as = federation.provider(from).identity
  return callPeer(federation.provider('a.example'), { as, from, ...request })
}

function submission(): Prepared {
  const { bob } = clubhouse()
  return { operation: 'submitMessage', target: room, body: messageBody(bob, room) }
}

function ask(from: Domain): Promise<PeerReply> {
  const { bob, cathy } = clubhouse()
  return send(groupInfoFor(leafIdentity(from === 'b.example' ? bob : cathy, room), room), from)
}

/** What an answer says of limits. */
function saidOf({ status, headers }: PeerReply) {
  return {
    status,
    policy: headers['ratelimit-policy'],
    limit: headers['ratelimit']?.toString(),
    retryAfter: headers['retry-after'],
  }
}

const nothing = { policy: undefined, limit: undefined, retryAfter: undefined }

function refill(): void {
  skippedMs += 86_400_000
}

/** What b.example reads from asking so often after others did so often. */
async function readings(others: number, own: number) {
  refill()
  for (let asked = 0; asked < others; asked += 1) await ask('c.example')
  const said = []
  for (let asked = 0; asked < own; asked += 1) said.push(saidOf(await ask('b.example')))
  return said
}

test('a budget of the peer is told of when less than a fifth is left, and when it is exhausted', async () => {
  refill()
  for (let sent = 0; sent < 8; sent += 1)
    expect(saidOf(await send(submission()))).toEqual({ status: 200, ...nothing })
  const low = saidOf(await send(submission()))
  expect(low).toMatchObject({ status: 200, policy: '"roomSender";q=10;w=1000' })
  expect(low.limit).toMatch(/^"roomSender";r=1;t=(\d{1,2}|100)$/)
  expect(low.retryAfter).toBeUndefined()
  await send(submission())
  const refused = saidOf(await send(submission()))
  expect(refused).toMatchObject({ status: 429, policy: '"roomSender";q=10;w=1000' })
  const [, seconds = ''] = /^"roomSender";r=0;t=(\d+)$/.exec(refused.limit ?? '') ?? []
  expect(Number(refused.retryAfter)).toBeGreaterThanOrEqual(Number(seconds))
  expect(Number(refused.retryAfter)).toBeLessThanOrEqual(100)
}, 30_000)

describe('a budget that a room has from all its providers together', () => {
  test('is told of to none of them: what one reads is the same whether others asked or not', async () => {
    const alone = await readings(0, 2)
    expect(alone).toEqual([
      { status: 200, ...nothing },
      { status: 200, ...nothing },
    ])
    expect(await readings(8, 2)).toEqual(alone)
  }, 30_000)

  test('refuses without saying how much was taken, or when', async () => {
    const [early] = await readings(10, 1)
    skippedMs += 40_000
    const late = saidOf(await ask('b.example'))
    expect(early).toEqual({ status: 429, ...nothing, retryAfter: '100' })
    expect(late).toEqual(early)
  }, 30_000)
})

test('a limit in shadow refuses nobody, and is counted', async () => {
  refill()
  const { federation } = clubhouse()
  for (let sent = 0; sent < 6; sent += 1) {
    const said = saidOf(await send(submission()))
    expect(said.status).toBe(200)
    expect(said.policy ?? '').not.toContain('peerRoom')
  }
  const { socket } = federation.provider('a.example').config().listeners.admin
  const { stdout } = await runCli(['limits', 'show', '--json', '--socket', socket])
  const { limits } = JSON.parse(stdout)
  expect(limits).toContainEqual(
    expect.objectContaining({ name: 'peerRoom', mode: 'shadow', refused: 0 }),
  )
  const [peerRoom] = limits.filter(({ name }: { name: string }) => name === 'peerRoom')
  expect(peerRoom.shadowed).toBeGreaterThanOrEqual(3)
  expect(await metricsText()).toMatch(
    /postern_limited_total\{operation="submitMessage",limit="peerRoom",mode="shadow"\} \d+/,
  )
}, 30_000)

test('our own delivery service is told as well', async () => {
  refill()
  const { alice, federation } = clubhouse()
  const provider = federation.provider('a.example')
  const path = `/internal/v1/submitMessage/${encodeURIComponent(room)}`
  const said: (string | null)[] = []
  for (let sent = 0; sent < 11; sent += 1) {
    const { headers } = await callInternal(provider, path, { body: messageBody(alice, room) })
    said.push(headers.get('ratelimit'))
  }
  expect(said.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => null))
  expect(said[8]).toMatch(/^"roomSender";r=1;t=\d+$/)
  expect(said[10]).toMatch(/^"roomSender";r=0;t=\d+$/)
}, 30_000)
