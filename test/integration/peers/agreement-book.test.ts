import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import type { Role } from '../../../src/peers/agreement-store.ts'
import { openBook, peer } from '../../support/agreements.ts'
import { dayMs, privateTable, requirements } from '../../support/requirements.ts'
import { tempDir } from '../../support/temp-dir.ts'

type Book = Awaited<ReturnType<typeof openBook>>

function namesOf({ book }: Pick<Book, 'book'>, role: Role = 'hub') {
  return book.live(peer, role).map(({ names }) => names)
}

function pendingId({ book }: Book): string {
  return book.pending(peer, 'hub')?.id ?? ''
}

test('what two documents have in common is in force at once, for the rooms of each', async () => {
  const open = await openBook()
  await open.settle({ asHub: [3, 2], asFollower: [1] }, { asHub: [4, 1], asFollower: [2, 3] })
  expect(namesOf(open)).toEqual([['identified', 'moderated-pseudonyms']])
  expect(namesOf(open, 'follower')).toEqual([['bare-minimum']])
  expect(open.book.holds(peer)).toBe(true)
  expect(open.events.map(({ role, kind }) => [role, kind])).toEqual([
    ['hub', 'live'],
    ['follower', 'live'],
  ])
})

test('the same documents again change nothing', async () => {
  const open = await openBook()
  const [ours, theirs] = [await open.publish('a.example'), await open.publish('b.example')]
  await open.book.settle(peer, ours.document, theirs.document)
  await open.book.settle(peer, ours.document, theirs.document)
  expect(open.book.list()).toHaveLength(2)
  expect(open.events).toHaveLength(2)
})

test('a document that shows no more takes effect at once, and the older id stays good', async () => {
  const open = await openBook()
  await open.settle({ asHub: [2, 1] }, { asFollower: [2, 1] })
  const [before] = open.book.live(peer, 'hub')
  await open.settle({ asHub: [1] }, { asFollower: [2, 1] })
  expect(namesOf(open)).toEqual([['bare-minimum'], ['moderated-pseudonyms', 'bare-minimum']])
  expect(open.book.live(peer, 'hub')[0]?.held.change).toBe('lower')
  expect(open.book.standingOf(peer, before?.held.id ?? '')).toBe('live')
})

async function raised() {
  const open = await openBook()
  await open.settle({ asHub: [1] }, { asFollower: [1, 3] })
  await open.settle({ asHub: [3, 1] }, { asFollower: [1, 3] })
  return open
}

describe('a document that shows more', () => {
  test('waits, and what was agreed stays in force', async () => {
    const open = await raised()
    expect(namesOf(open)).toEqual([['bare-minimum']])
    expect(open.book.pending(peer, 'hub')).toMatchObject({ state: 'pending', change: 'higher' })
    expect(open.book.standingOf(peer, pendingId(open))).toBe('pending')
    expect(open.events.at(-2)).toMatchObject({ role: 'hub', kind: 'pending' })
  })

  test('takes effect when the operator approves it', async () => {
    const open = await raised()
    await open.book.approve(pendingId(open))
    expect(namesOf(open)).toEqual([['identified', 'bare-minimum'], ['bare-minimum']])
    expect(open.book.pending(peer, 'hub')).toBeUndefined()
    expect(open.events.at(-1)?.kind).toBe('approved')
  })

  test('never takes effect when the operator rejects it', async () => {
    const open = await raised()
    const id = pendingId(open)
    await open.book.reject(id)
    expect(open.book.standingOf(peer, id)).toBe('rejected')
    await expect(open.book.approve(id)).rejects.toThrow(new GatewayError('not-found'))
    expect(namesOf(open)).toEqual([['bare-minimum']])
  })

  test('makes room for the one that follows it', async () => {
    const open = await raised()
    const id = pendingId(open)
    await open.settle({ asHub: [3, 2, 1] }, { asFollower: [1, 2, 3] })
    expect(open.book.standingOf(peer, id)).toBe('unknown')
    expect(open.book.list().filter(({ state }) => state === 'pending')).toHaveLength(1)
    await open.settle({ asHub: [1] }, { asFollower: [1, 2, 3] })
    expect(open.book.pending(peer, 'hub')).toBeUndefined()
  })
})

test('what cannot be compared waits too', async () => {
  const open = await openBook()
  await open.settle({ asHub: [2] }, { asFollower: [2, 3] })
  await open.settle({ asHub: [3] }, { asFollower: [2, 3] })
  expect(open.book.pending(peer, 'hub')?.change).toBe('incomparable')
})

test('everything is there again after a restart', async () => {
  const directory = tempDir()
  const open = await openBook(directory)
  await open.settle({ asHub: [1] }, { asFollower: [1, 3] })
  await open.settle({ asHub: [3, 1] }, { asFollower: [1, 3] })
  await open.book.reject(pendingId(open))
  await open.settle({ asHub: [3, 2, 1] }, { asFollower: [1, 2, 3] })
  const again = open.reopen()
  expect(again.list().map(({ id, state }) => [id, state])).toEqual(
    open.book.list().map(({ id, state }) => [id, state]),
  )
  expect(namesOf({ book: again })).toEqual(namesOf(open))
})

test('an agreement ends with the first of its documents', async () => {
  const open = await openBook()
  const { issuedAt } = requirements()
  await open.settle({ asHub: [2], expiresAt: issuedAt + 10 * 86_400 }, { asFollower: [2] })
  open.move(10 * dayMs - 1)
  expect(open.book.holds(peer)).toBe(true)
  open.move(1)
  expect(namesOf(open)).toEqual([])
  expect(open.reopen().live(peer, 'hub')).toEqual([])
})

test('having nothing in common is told once, with the nearest suites', async () => {
  const open = await openBook()
  const nothing = { asHub: [], asFollower: [] }
  await open.settle({ asHub: [2], asFollower: [] }, { ...nothing, asFollower: [4] })
  await open.settle({ asHub: [2], asFollower: [] }, { ...nothing, asFollower: [4] })
  expect(open.book.nearest(peer, 'hub')?.[0]).toMatchObject({ suite: 2, closest: 4 })
  expect(open.events.map(({ kind }) => kind)).toEqual(['no-common-suite', 'no-common-suite'])
})

test('a document without a common suite does not end what was agreed', async () => {
  const open = await openBook()
  await open.settle({ asHub: [2] }, { asFollower: [2] })
  await open.settle({ asHub: [2] }, { asFollower: [4] })
  expect(namesOf(open)).toEqual([['moderated-pseudonyms']])
  expect(open.book.nearest(peer, 'hub')).toBeDefined()
})

test('a private suite that means something else here is agreed on and not used', async () => {
  const open = await openBook()
  const lists = { suites: [privateTable()] }
  await open.settle({ ...lists, asHub: [0xf001, 2] }, { ...lists, asFollower: [0xf001, 2] })
  expect(open.book.live(peer, 'hub')[0]?.held.suites).toEqual([0xf001, 2])
  expect(namesOf(open)).toEqual([['moderated-pseudonyms']])
})

test('at most 32 agreements of one kind are held', async () => {
  const open = await openBook()
  for (let round = 0; round < 34; round += 1) await open.settle({ asHub: [2] }, { asFollower: [2] })
  expect(open.book.live(peer, 'hub')).toHaveLength(32)
  expect(open.reopen().live(peer, 'hub')).toHaveLength(32)
})
