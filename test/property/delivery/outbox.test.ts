import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { outboxMigrations } from '../../../src/delivery/outbox-migrations.ts'
import { Outbox } from '../../../src/delivery/outbox.ts'
import { GatewayError } from '../../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain } from '../../../src/model/ids.ts'
import { openStore } from '../../../src/sqlite/store.ts'
import { fakeTime } from '../../support/fake-time.ts'

const peers = ['b.example', 'c.example'].map(parseProviderDomain)
const rooms = ['x', 'y'].map((name) => parseMimiUri(`mimi://a.example/r/${name}`))

const fanOut = fc.record({
  room: fc.constantFrom(...rooms),
  peers: fc.subarray(peers, { minLength: 1 }),
})
const outcome = fc.constantFrom(201, 201, 201, 500, 503, 429, 'down', 'timeout', 'stop' as const)

test('whatever peers do and however often we stop, each lane delivers everything, first times in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fanOut, { minLength: 1, maxLength: 8 }),
      fc.array(outcome, { maxLength: 24 }),
      async (fanOuts, outcomes) => {
        const directory = mkdtempSync(join(tmpdir(), 'postern-outbox-'))
        const store = await openStore({
          path: join(directory, 'o.db'),
          migrations: outboxMigrations,
        })
        const time = fakeTime()
        const lanes = new Map<string, string[]>()
        let stopped = false
        const open = () =>
          new Outbox({
            store,
            clock: time.clock,
            schedule: time.schedule,
            send: ({ peer, room, bytes }) => {
              const act = outcomes.shift() ?? 201
              stopped ||= act === 'stop'
              if (act === 'stop' || act === 'down')
                return Promise.reject(new GatewayError('peer-unreachable'))
              if (act === 'timeout') return Promise.reject(new GatewayError('peer-timeout'))
              const lane = lanes.get(`${peer} ${room}`) ?? []
              const text = bytes.toString()
              if (act === 201 && !lane.includes(text)) lanes.set(`${peer} ${room}`, [...lane, text])
              return Promise.resolve({ status: Number(act) })
            },
          })
        let outbox = open()
        await outbox.start()
        for (const [index, { room, peers: to }] of fanOuts.entries())
          await outbox.enqueue({ room, peers: to, bytes: Buffer.from(String(index)) })
        for (let turn = 0; turn < 200 && outbox.counts().waiting > 0; turn++) {
          await setImmediate()
          if (stopped) {
            // Stopped in the middle: what was out is aborted, and the next one takes up the rest.
            await outbox.drain(AbortSignal.abort())
            outbox = open()
            await outbox.start()
            stopped = false
          }
          time.advance(400_000)
        }
        expect(outbox.counts()).toMatchObject({ waiting: 0, deadLetters: 0, bytes: 0 })
        for (const peer of peers)
          for (const room of rooms) {
            const wanted = [...fanOuts.entries()]
              .filter(([, each]) => each.room === room && each.peers.includes(peer))
              .map(([index]) => String(index))
            expect(lanes.get(`${peer} ${room}`) ?? []).toEqual(wanted)
          }
        await outbox.drain(new AbortController().signal)
        expect(store.get('SELECT count(*) AS n FROM outbox_bodies')).toEqual({ n: 0 })
        await store[Symbol.asyncDispose]()
        rmSync(directory, { recursive: true })
      },
    ),
    { numRuns: 40 },
  )
})
