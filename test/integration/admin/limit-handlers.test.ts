import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startControlSocket } from '../../../src/admin/control-socket.ts'
import { createLimitHandlers } from '../../../src/admin/limits-handlers.ts'
import type { LimitsAnswer, LimitsList } from '../../../src/admin/limits-api.ts'
import { createLog } from '../../../src/signals/log.ts'
import { controlHandlers } from '../../support/control-handlers.ts'
import { allowedOf, limiterWith, NOW, submit, type AtOnce } from '../../support/limiter-scene.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** Runs `postern limits …` against a gateway with this limiter. */
async function asking(limiter: AtOnce, standings: LimitsList['standings'] = []) {
  const path = join(tempDir(), 'c.sock')
  const socket = await startControlSocket({
    path,
    handlers: controlHandlers(),
    limits: createLimitHandlers({ limiter, standings: () => standings, clock: () => NOW }),
    log: createLog('silent', { write: () => {} }),
  })
  onTestFinished(() => socket[Symbol.asyncDispose]())
  return async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await runCli(['limits', ...args, '--socket', path])
    return { code: exitCode, out: stdout, err: stderr }
  }
}

const asBob = [
  'submitMessage',
  '--peer',
  'b.example',
  '--room',
  'mimi://a.example/r/clubhouse',
  '--sender',
  'mimi://b.example/u/bob',
] as const

test('limits show tells what is in force, what it refused, and where the budgets are', async () => {
  const limiter = limiterWith({
    roomSender: { burst: 2 },
    peerRoom: { burst: 1, mode: 'shadow' },
  })
  expect(allowedOf(limiter, submit())).toBe(2)
  const ask = await asking(limiter)
  const { out, code } = await ask('show')
  expect(code).toBe(0)
  const row = (name: string) => out.split('\n').find((line) => line.startsWith(`${name} `)) ?? ''
  expect(row('roomSender').split(/\s{2,}/)).toEqual([
    'roomSender',
    'room and sender',
    'enforce',
    '5/s',
    '2',
    '1 per unit',
    '1',
    '0',
  ])
  expect(row('peerRoom')).toMatch(/shadow.* 0 +1$/)
  expect(row('consent')).toContain('1 in 50 s')
  expect(row('reportAbuse')).not.toBe('')
  expect(out).toContain('budgets in memory\n')
  const list: LimitsList = JSON.parse((await ask('show', '--json')).out)
  expect(list.store).toEqual({
    kind: 'memory',
    degraded: false,
    buckets: 3,
    evictions: 0,
    fallbacks: 0,
  })
  expect(list.limits.filter(({ told }) => !told).map(({ name }) => name)).toEqual([
    'admissionPeer',
    'admissionRoom',
    'keyMaterial',
    'groupInfo',
    'consent',
  ])
})

test('limits show tells which providers have less of their own budgets, and why', async () => {
  const lowered = { provider: 'b.example', factor: 0.1, admissions: 2_000, strikes: 3 }
  const whole = { ...lowered, provider: 'c.example', factor: 1 }
  const ask = await asking(limiterWith(), [lowered, whole])
  const { out } = await ask('show')
  expect(out).toContain('b.example has 0.1 of its own budgets: 3 strikes, 2000 admissions')
  expect(out).not.toContain('c.example')
  expect(JSON.parse((await ask('show', '--json')).out)).toMatchObject({ standings: [lowered] })
})

test('limits explain tells each rung as it stands, and takes nothing', async () => {
  const limiter = limiterWith({ roomSender: { perSecond: 1, burst: 2 } })
  allowedOf(limiter, submit())
  const ask = await asking(limiter)
  for (let asked = 0; asked < 3; asked += 1) {
    const { out, code } = await ask('explain', ...asBob, '--json')
    expect(code).toBe(1)
    const { rungs }: LimitsAnswer = JSON.parse(out)
    expect(rungs.map(({ limit, verdict }) => [limit, verdict])).toEqual([
      ['peer', 'allows'],
      ['peerRoom', 'allows'],
      ['roomSender', 'limits'],
      ['attempts', 'allows'],
    ])
    expect(rungs[2]).toMatchObject({ cost: 1, left: 0, burst: 2, retryAfterMs: 1_000 })
    expect(rungs[3]).toMatchObject({ cost: 0 })
  }
  const text = (await ask('explain', ...asBob)).out
  expect(text).toMatch(/roomSender +enforce +limits for 1 s +1 +0 +2 +1\/s/)
})

test('what a question does not say is unknown, and sizes and tiers weigh', async () => {
  const ask = await asking(limiterWith())
  const bare = await ask('explain', 'submitMessage', '--peer', 'b.example', '--json')
  const { rungs }: LimitsAnswer = JSON.parse(bare.out)
  expect(rungs.map(({ limit, verdict }) => [limit, verdict])).toEqual([
    ['peer', 'allows'],
    ['peerRoom', 'unknown'],
    ['roomSender', 'unknown'],
    ['attempts', 'allows'],
  ])
  const large = await ask('explain', ...asBob, '--size', '655360', '--json')
  expect(JSON.parse(large.out)).toMatchObject({ rungs: [{ cost: 11 }, {}, {}, {}] })
  const daily = await ask('explain', ...asBob, '--tier', 'epoch-pseudonym', '--json')
  expect(JSON.parse(daily.out)).toMatchObject({ rungs: [{}, {}, { limit: 'epochSender' }, {}] })
  const local = await ask(
    'explain',
    'groupInfo',
    '--room',
    'mimi://a.example/r/clubhouse',
    '--json',
  )
  expect(JSON.parse(local.out)).toMatchObject({ rungs: [{ limit: 'groupInfo' }] })
})

test.each([
  ['an operation that is none', ['explain', 'sing'], 'malformed-request'],
  ['a domain that is none', ['explain', 'notify', '--peer', 'B_'], 'invalid-domain'],
  ['a room that is none', ['explain', 'notify', '--room', 'x'], 'invalid-uri'],
  ['a tier that is none', ['explain', 'notify', '--tier', 'x'], 'malformed-request'],
  ['a size that is none', ['explain', 'notify', '--size', 'x'], 'malformed-request'],
])('%s is refused with its code', async (_, args, problem) => {
  const { code, err } = await (await asking(limiterWith()))(...args)
  expect(code).toBe(1)
  expect(err).toContain(problem)
})
