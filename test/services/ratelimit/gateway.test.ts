import { afterAll, beforeAll, expect, test } from 'vitest'
import { useClubhouse } from '../../support/clubhouse.ts'
import { callPeer } from '../../support/gateway-calls.ts'
import { messageBody } from '../../support/raw-requests.ts'
import { redisAddress, redisUrlBy } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { runCli } from '../../support/run-cli.ts'
import { openTcpProxy } from '../../support/tcp-proxy.ts'

// The hub a.example has its budgets in a server that can be cut off: eight messages per sender.
const proxy = await openTcpProxy(redisAddress)
afterAll(() => proxy[Symbol.dispose]())
const clubhouse = useClubhouse({
  providers: {
    'a.example': {
      extra: {
        limiterStore: { kind: 'redis', url: redisUrlBy(proxy.port), deadlineMs: 2_000 },
        rates: { roomSender: { perSecond: 0.001, burst: 8 } },
      },
    },
  },
})
let rooms: readonly string[]

beforeAll(async () => {
  const { room } = clubhouse()
  rooms = [await room(), await room(), await room()]
}, 60_000)

/** The statuses of so many messages in a row. */
async function statuses(room: string, count: number): Promise<readonly number[]> {
  const { bob, federation } = clubhouse()
  const as = federation.provider('b.example').identity
  const found: number[] = []
  for (let sent = 0; sent < count; sent += 1) {
    const { status } = await callPeer(federation.provider('a.example'), {
      as,
      from: 'b.example',
      operation: 'submitMessage',
      target: room,
      body: messageBody(bob, room),
    })
    found.push(status)
  }
  return found
}

async function ask(...args: readonly string[]) {
  const { socket } = clubhouse().federation.provider('a.example').config().listeners.admin
  const { stdout } = await runCli([...args, '--json', '--socket', socket])
  return JSON.parse(stdout)
}

const accepted = (count: number) => Array.from({ length: count }, () => 200)

test('a gateway goes by shared budgets, by half of its own while they are away, and by them again', async () => {
  const [first = '', second = '', third = ''] = rooms
  expect(await statuses(first, 9)).toEqual([...accepted(8), 429])
  expect(await ask('health')).toMatchObject({ components: { limiter: { state: 'up' } } })

  proxy.cut()
  expect(await statuses(second, 6)).toEqual([...accepted(4), 429, 429])
  expect(await ask('health')).toMatchObject({
    status: 'ready',
    components: { limiter: { state: 'degraded', reason: 'limiter-store-away' } },
  })
  const { store } = await ask('limits', 'show')
  expect(store).toMatchObject({ kind: 'redis', degraded: true })
  expect(store.fallbacks).toBeGreaterThan(0)

  proxy.heal()
  await until(async () => (await ask('health')).components.limiter.state === 'up')
  expect(await statuses(third, 9)).toEqual([...accepted(8), 429])
  expect(await statuses(first, 1)).toEqual([429])
}, 60_000)
