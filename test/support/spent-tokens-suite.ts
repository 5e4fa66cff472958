import { expect, test } from 'vitest'
import type { Clock } from '../../src/model/clock.ts'
import type { SpentTokens } from '../../src/privacypass/spent-tokens.ts'
import { DAY, DAY_MS, hash, spendOf } from './spent-tokens.ts'

/** Where a store lives: what is opened in one place again finds what was there. */
export interface SpentTokensPlace {
  readonly open: (clock: Clock) => Promise<SpentTokens>
}

/** What every store of spent tokens does. `place` gives an empty place. */
export function spentTokensSuite(place: () => SpentTokensPlace | Promise<SpentTokensPlace>): void {
  const openNew = async (clock: Clock = () => DAY_MS) => (await place()).open(clock)

  test('a token is spent once', async () => {
    await using store = await openNew()
    expect(await store.spend(spendOf('a', 'one'))).toEqual({ kind: 'spent' })
    expect(await store.spend(spendOf('a', 'another'))).toEqual({ kind: 'replayed' })
    expect(await store.spend(spendOf('b', 'another'))).toEqual({ kind: 'spent' })
  })

  test('the same request has it again for ten minutes, by a clock that goes either way', async () => {
    let nowMs = DAY_MS
    await using store = await openNew(() => nowMs)
    await store.spend(spendOf('a'))
    const kinds: string[] = []
    for (const afterMs of [0, 599_999, 600_000, 600_001, -600_000, -600_001, 86_400_000]) {
      nowMs = DAY_MS + afterMs
      kinds.push((await store.spend(spendOf('a'))).kind)
    }
    expect(kinds).toEqual(['again', 'again', 'again', 'replayed', 'again', 'replayed', 'replayed'])
  })

  test('asking again does not make the time longer', async () => {
    let nowMs = DAY_MS
    await using store = await openNew(() => nowMs)
    await store.spend(spendOf('a'))
    nowMs += 400_000
    expect(await store.spend(spendOf('a'))).toEqual({ kind: 'again' })
    nowMs += 400_000
    expect(await store.spend(spendOf('a'))).toEqual({ kind: 'replayed' })
  })

  test('a look says what is spent, and spends nothing', async () => {
    let nowMs = DAY_MS
    await using store = await openNew(() => nowMs)
    expect(await store.look(spendOf('a', 'one'))).toBeUndefined()
    expect(await store.look(spendOf('a', 'one'))).toBeUndefined()
    expect(await store.spend(spendOf('a', 'one'))).toEqual({ kind: 'spent' })
    expect(await store.look(spendOf('a', 'one'))).toEqual({ kind: 'again' })
    expect(await store.look(spendOf('a', 'another'))).toEqual({ kind: 'replayed' })
    expect(await store.look(spendOf('b', 'one'))).toBeUndefined()
    nowMs += 600_001
    expect(await store.look(spendOf('a', 'one'))).toEqual({ kind: 'replayed' })
    await store.dropBefore(DAY + 86_400)
    expect(await store.look(spendOf('a', 'one'))).toEqual({ kind: 'epoch-closed' })
    await expect(
      store.look(spendOf('a', 'request', { keyId: Buffer.alloc(31) })),
    ).rejects.toMatchObject({ code: 'internal' })
  })

  test('of many requests that race for one token a single one wins', async () => {
    await using store = await openNew()
    const racing = Array.from({ length: 300 }, (_, n) => store.spend(spendOf('a', `${n}`)))
    const kinds = (await Promise.all(racing)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'spent')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'replayed')).toHaveLength(299)
  })

  test('of one request that is sent many times at once one is the first', async () => {
    await using store = await openNew()
    const racing = Array.from({ length: 300 }, () => store.spend(spendOf('a')))
    const kinds = (await Promise.all(racing)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'spent')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'again')).toHaveLength(299)
  })

  test('tokens that come at once are all spent, and known afterwards', async () => {
    await using store = await openNew()
    const names = Array.from({ length: 1_000 }, (_, n) => `${n}`)
    const first = await Promise.all(names.map((name) => store.spend(spendOf(name))))
    expect(first.filter(({ kind }) => kind === 'spent')).toHaveLength(1_000)
    const second = await Promise.all(names.map((name) => store.spend(spendOf(name, 'another'))))
    expect(second.filter(({ kind }) => kind === 'replayed')).toHaveLength(1_000)
    expect(await store.epochs()).toMatchObject([{ kind: 'open', epoch: DAY, spent: 1_000 }])
  })

  test('a spend key is another token under another key, and in another epoch', async () => {
    await using store = await openNew()
    const spends = [
      spendOf('a'),
      spendOf('a', 'other key', { keyId: hash('other key') }),
      spendOf('a', 'tomorrow', { epoch: DAY + 86_400 }),
    ]
    for (const spend of spends) expect(await store.spend(spend)).toEqual({ kind: 'spent' })
    for (const spend of spends)
      expect(await store.spend({ ...spend, requestHash: Buffer.alloc(8) })).toEqual({
        kind: 'replayed',
      })
  })

  test('keys that differ in one bit are different tokens', async () => {
    await using store = await openNew()
    const keys = Array.from({ length: 257 }, (_, bit) => {
      const key = Buffer.alloc(32)
      if (bit < 256) key[bit >> 3] = 1 << (bit & 7)
      return key
    })
    for (const spendKey of keys)
      expect(await store.spend(spendOf('', 'one', { spendKey }))).toEqual({ kind: 'spent' })
    for (const spendKey of keys)
      expect(await store.spend(spendOf('', 'two', { spendKey }))).toEqual({ kind: 'replayed' })
  })

  test('bytes that are written over while a spend waits change nothing', async () => {
    await using store = await openNew()
    const pool = Buffer.alloc(100)
    const { keyId, spendKey, requestHash } = spendOf('a')
    pool.set(keyId, 1)
    pool.set(spendKey, 33)
    pool.set(requestHash, 65)
    const views = { keyId: pool.subarray(1, 33), spendKey: pool.subarray(33, 65) }
    const waiting = store.spend({ epoch: DAY, ...views, requestHash: pool.subarray(65, 73) })
    pool.fill(0xff)
    expect(await waiting).toEqual({ kind: 'spent' })
    expect(await store.spend(spendOf('a'))).toEqual({ kind: 'again' })
  })

  test('what is no token and no epoch is a fault of the caller', async () => {
    await using store = await openNew()
    const wrong = [
      { keyId: Buffer.alloc(31) },
      { spendKey: Buffer.alloc(33) },
      { requestHash: Buffer.alloc(0) },
      { epoch: -86_400 },
      { epoch: 0.5 },
      { epoch: 2 ** 53 },
      { epoch: NaN },
    ]
    for (const facts of wrong)
      await expect(store.spend(spendOf('a', 'request', facts))).rejects.toMatchObject({
        code: 'internal',
      })
  })

  test('an epoch that was dropped never opens again; the one after it goes on', async () => {
    await using store = await openNew()
    const tomorrow = { epoch: DAY + 86_400 }
    await store.spend(spendOf('a'))
    await store.spend(spendOf('a', 'request', tomorrow))
    await store.dropBefore(DAY + 86_400)
    expect(await store.spend(spendOf('a'))).toEqual({ kind: 'epoch-closed' })
    expect(await store.spend(spendOf('new'))).toEqual({ kind: 'epoch-closed' })
    expect(await store.spend(spendOf('a', 'another', tomorrow))).toEqual({ kind: 'replayed' })
    await store.dropBefore(DAY)
    expect(await store.spend(spendOf('new'))).toEqual({ kind: 'epoch-closed' })
    expect(await store.epochs()).toMatchObject([{ kind: 'open', epoch: DAY + 86_400, spent: 1 }])
  })

  test('an epoch that is dropped while it is spent from answers each one, and none twice', async () => {
    await using store = await openNew()
    await store.spend(spendOf('first'))
    const spends = Array.from({ length: 500 }, (_, n) => spendOf(`${n % 250}`, `${n}`))
    const waiting = spends.slice(0, 300).map((spend) => store.spend(spend))
    await Promise.race(waiting)
    const dropped = store.dropBefore(DAY + 86_400)
    const late = spends.slice(300).map((spend) => store.spend(spend))
    const kinds = (await Promise.all(waiting)).map(({ kind }) => kind)
    await dropped
    expect(new Set((await Promise.all(late)).map(({ kind }) => kind))).toEqual(
      new Set(['epoch-closed']),
    )
    const winners = spends
      .filter((_, n) => kinds[n] === 'spent')
      .map(({ spendKey }) => Buffer.from(spendKey))
    expect(winners.length).toBeGreaterThan(0)
    expect(new Set(winners.map((key) => key.toString('hex'))).size).toBe(winners.length)
    expect(await store.epochs()).toEqual([])
  })
}

/** What every store does that outlives its process. */
export function durableSpentTokensSuite(
  place: () => SpentTokensPlace | Promise<SpentTokensPlace>,
): void {
  test('what was spent is known after a start, and its request has it again', async () => {
    const { open } = await place()
    const names = Array.from({ length: 200 }, (_, n) => `${n}`)
    {
      await using store = await open(() => DAY_MS)
      await Promise.all(names.map((name) => store.spend(spendOf(name))))
    }
    await using store = await open(() => DAY_MS + 60_000)
    expect(await store.epochs()).toMatchObject([{ kind: 'open', epoch: DAY, spent: 200 }])
    for (const name of names) {
      expect(await store.look(spendOf(name))).toEqual({ kind: 'again' })
      expect(await store.spend(spendOf(name, 'another'))).toEqual({ kind: 'replayed' })
      expect(await store.spend(spendOf(name))).toEqual({ kind: 'again' })
    }
  })

  test('an epoch that was dropped stays closed after a start', async () => {
    const { open } = await place()
    {
      await using store = await open(() => DAY_MS)
      await store.spend(spendOf('a'))
      await store.dropBefore(DAY + 86_400)
    }
    await using store = await open(() => DAY_MS)
    expect(await store.spend(spendOf('a'))).toEqual({ kind: 'epoch-closed' })
  })

  test('a clock that is moved a day back and forth lets no token be spent twice', async () => {
    const { open } = await place()
    for (const [index, dayMs] of [0, -86_400_000, 0, 86_400_000, 0].entries()) {
      await using store = await open(() => DAY_MS + dayMs)
      const kind = index === 0 ? 'spent' : 'replayed'
      expect(await store.spend(spendOf('a', `${index}`))).toEqual({ kind })
      expect(await store.spend(spendOf(`only ${index}`))).toEqual({ kind: 'spent' })
    }
  })

  test('a store that was closed answers nothing', async () => {
    const { open } = await place()
    const store = await open(() => DAY_MS)
    await store.spend(spendOf('a'))
    await store[Symbol.asyncDispose]()
    await expect(store.spend(spendOf('b'))).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.look(spendOf('b'))).rejects.toMatchObject({ code: 'store-unavailable' })
    await store[Symbol.asyncDispose]()
  })
}
