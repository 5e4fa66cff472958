import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecentRequests } from '../../../src/privacypass/spent-recent.ts'
import { FingerprintSet } from '../../../src/privacypass/spent-set.ts'
import type { SpentTokens } from '../../../src/privacypass/spent-tokens.ts'
import { observedFiles } from '../../support/spent-files.ts'
import { openAt } from '../../support/spent-store.ts'
import { memorySpentTokens } from '../../support/spent-tokens-memory.ts'
import { DAY, DAY_MS, hash, spendOf } from '../../support/spent-tokens.ts'
import { tempDir } from '../../support/temp-dir.ts'

const word = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)

/** 0 as a first word is stored as 1. */
const nameOf = ([first, second]: [number, number]) => `${first === 0 ? 1 : first} ${second}`

test('a set of fingerprints is a set', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 300 }), (pairs) => {
      const set = new FingerprintSet()
      const model = new Set<string>()
      for (const pair of pairs) {
        expect(set.has(...pair)).toBe(model.has(nameOf(pair)))
        expect(set.add(...pair)).toBe(!model.has(nameOf(pair)))
        model.add(nameOf(pair))
        expect(set.size).toBe(model.size)
      }
    }),
  )
})

test('requests are known as a Map knows them', () => {
  const nonZero = word.filter((value) => value !== 0)
  const record = fc.record({
    first: nonZero,
    second: word,
    third: word,
    fourth: word,
    requestLow: fc.integer({ min: 0, max: 2 }),
    requestHigh: fc.constant(0),
  })
  const step = fc.record({
    record,
    ms: fc.integer({ min: -700_000, max: 700_000 }),
    adds: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const recent = new RecentRequests()
      const model = new Map<string, { request: number; ms: number }>()
      let nowMs = 0
      for (const { record: asked, ms, adds } of steps) {
        nowMs += ms
        const { first, second, third, fourth, requestLow } = asked
        const name = [first, second, third, fourth].join()
        const known = model.get(name)
        expect(recent.includes(asked, nowMs)).toBe(
          known?.request === requestLow && Math.abs(nowMs - known.ms) <= 600_000,
        )
        if (!adds) continue
        recent.add(asked, nowMs)
        model.set(name, { request: requestLow, ms: nowMs })
      }
    }),
  )
})

const spend = fc
  .record({
    token: fc.integer({ min: 0, max: 5 }),
    key: fc.integer({ min: 0, max: 1 }),
    day: fc.integer({ min: 0, max: 2 }),
    request: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ token, key, day, request }) =>
    spendOf(`${token}`, `${request}`, { epoch: DAY + day * 86_400, keyId: hash(`key ${key}`) }),
  )
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(spend, { minLength: 1, maxLength: 8 })
      .map((spends) => ({ kind: 'spend' as const, spends })),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: -90_000_000, max: 90_000_000 })
      .map((ms) => ({ kind: 'clock' as const, ms })),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 500_000 }).map((ms) => ({ kind: 'clock' as const, ms })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'takeover' as const }) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: 2 })
      .map((day) => ({ kind: 'drop' as const, epoch: DAY + day * 86_400 })),
  },
)

test('the embedded store answers as its model, through restarts, takeovers, drops and any clock', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { answers, expected } = await play(steps)
      expect(answers).toEqual(expected)
    }),
    { numRuns: 60 },
  )
}, 120_000)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** What the store and its model say to the same steps, and what they know of epochs in the end. */
async function play(steps: readonly Step[]): Promise<Record<'answers' | 'expected', unknown[]>> {
  let nowMs = DAY_MS
  const clock = () => nowMs
  const directory = tempDir()
  const open = () => openAt(directory, { files: observedFiles({ syncs: false }), clock })
  const model = memorySpentTokens(clock)
  let store = await open()
  const answers: unknown[] = []
  const expected: unknown[] = []
  for (const taken of steps) {
    switch (taken.kind) {
      case 'spend':
        answers.push(await Promise.all(taken.spends.map((one) => store.spend(one))))
        expected.push(await Promise.all(taken.spends.map((one) => model.spend(one))))
        break
      case 'clock':
        nowMs += taken.ms
        break
      case 'restart':
        await store[Symbol.asyncDispose]()
        store = await open()
        model.restart()
        break
      case 'takeover': {
        const before = store
        store = await open()
        await before[Symbol.asyncDispose]()
        model.restart()
        break
      }
      case 'drop':
        await store.dropBefore(taken.epoch)
        await model.dropBefore(taken.epoch)
        break
    }
  }
  answers.push(await spentOf(store))
  expected.push(await spentOf(model))
  await store[Symbol.asyncDispose]()
  return { answers, expected }
}

async function spentOf(store: SpentTokens): Promise<unknown[]> {
  const states = await store.epochs()
  return states.map((state) => [state.epoch, state.kind === 'open' ? state.spent : 'closed'])
}
