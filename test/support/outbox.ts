import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { outboxMigrations } from '../../src/delivery/outbox-migrations.ts'
import type { Notify, OutboxEvent } from '../../src/delivery/outbox-sender.ts'
import { Outbox, type OutboxOptions } from '../../src/delivery/outbox.ts'
import { GatewayError } from '../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import { openStore, type Store } from '../../src/sqlite/store.ts'
import { fakeTime } from './fake-time.ts'
import { tempDir } from './temp-dir.ts'

export const lobby = parseMimiUri('mimi://a.example/r/lobby')
export const attic = parseMimiUri('mimi://a.example/r/attic')
export const b = parseProviderDomain('b.example')
export const c = parseProviderDomain('c.example')

type Answer = { status: number; retryAfterMs?: number }

export async function openTestStore(path = join(tempDir(), 'outbox.db')): Promise<Store> {
  const store = await openStore({ path, migrations: outboxMigrations })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return store
}

/** An outbox whose attempts the test answers: `attempts` are those that are out. */
export async function startOutbox(options: Partial<OutboxOptions> = {}) {
  const time = fakeTime()
  const attempts: (Notify & {
    text: string
    answer: (answer: Answer) => void
    fail: (error: Error) => void
  })[] = []
  const events: OutboxEvent[] = []
  const outbox = new Outbox({
    store: options.store ?? (await openTestStore()),
    clock: time.clock,
    schedule: time.schedule,
    randomness: () => Buffer.alloc(4, 0xff),
    onEvent: (event) => events.push(event),
    send: (notify) => {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      const text = notify.bytes.toString()
      attempts.push({ ...notify, text, answer: resolve, fail: reject })
      notify.signal.addEventListener('abort', () => reject(new GatewayError('draining')))
      return promise
    },
    ...options,
  })
  await outbox.start()
  onTestFinished(() => outbox[Symbol.asyncDispose]())
  /** Answers the oldest attempt that is out, and lets the outbox act on it. */
  const answer = async (status: number, retryAfterMs?: number) => {
    attempts.shift()?.answer({ status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    await setImmediate()
  }
  const fail = async (code: 'peer-unreachable' | 'peer-timeout') => {
    attempts.shift()?.fail(new GatewayError(code))
    await setImmediate()
  }
  const enqueue = (text: string, { peers = [b], room = lobby } = {}) =>
    outbox.enqueue({ room, peers, bytes: Buffer.from(text), suite: 'identified' })
  return { outbox, time, attempts, events, answer, fail, enqueue }
}
