import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { termsAsked, termsAsking } from '../../../src/peers/terms.ts'
import { openBook, peer, peerProfile } from '../../support/agreements.ts'

const strict = peerProfile({ requireAgreement: true })

/** The code and the facts of what is thrown. */
function refusal(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, ...error.facts }
    throw error
  }
  return undefined
}

async function agreed() {
  const open = await openBook()
  await open.settle({ asHub: [2, 3], asFollower: [1] }, { asHub: [1], asFollower: [2, 3] })
  const [hub] = open.book.live(peer, 'hub')
  const [follower] = open.book.live(peer, 'follower')
  if (hub === undefined || follower === undefined) throw new Error('no agreement')
  return { ...open, hub: hub.held.id, follower: follower.held.id }
}

test('the agreement that a peer names holds, in the rooms that it is for', async () => {
  const { book, hub, follower } = await agreed()
  const question = { peer: peerProfile(), role: 'hub' } as const
  expect(termsAsked(book, question, hub)).toEqual({
    agreement: hub,
    suites: ['moderated-pseudonyms', 'identified'],
  })
  expect(refusal(() => termsAsked(book, question, follower))).toEqual({
    code: 'agreement-stale',
    reason: 'other-role',
  })
})

test('outside rooms either agreement may be named, and the one who is asked stands for the hub', async () => {
  const { book, hub, follower } = await agreed()
  const question = { peer: peerProfile(), role: undefined }
  expect(termsAsked(book, question, hub).suites[0]).toBe('moderated-pseudonyms')
  expect(termsAsked(book, question, follower).suites).toEqual(['bare-minimum'])
  expect(termsAsking(book, { ...question, suite: undefined }).agreement).toBe(follower)
})

test("the operator's list takes from an agreement and never adds to it", async () => {
  const { book, hub } = await agreed()
  const narrow = peerProfile({ asHub: ['identified', 'compliance'] })
  expect(termsAsked(book, { peer: narrow, role: 'hub' }, hub).suites).toEqual(['identified'])
})

test('an id that nobody knows is stale', async () => {
  const { book } = await agreed()
  const question = { peer: peerProfile(), role: 'hub' } as const
  expect(refusal(() => termsAsked(book, question, 'x'))).toMatchObject({
    code: 'agreement-stale',
    reason: 'unknown',
  })
})

test('an id that waits for the operator, or was turned down, is pending', async () => {
  const open = await agreed()
  await open.settle({ asHub: [4, 2, 3] }, { asFollower: [2, 3, 4] })
  const id = open.book.pending(peer, 'hub')?.id ?? ''
  const question = { peer: peerProfile(), role: 'hub' } as const
  expect(refusal(() => termsAsked(open.book, question, id))).toMatchObject({ reason: 'pending' })
  await open.book.reject(id)
  expect(refusal(() => termsAsked(open.book, question, id))).toEqual({
    code: 'agreement-pending',
    reason: 'rejected',
  })
})

test("a peer that names none gets the operator's list, or is refused", async () => {
  const { book } = await openBook()
  const role = 'hub'
  expect(termsAsked(book, { peer: peerProfile(), role }, undefined)).toEqual({
    agreement: undefined,
    suites: ['moderated-pseudonyms', 'identified'],
  })
  const asked = refusal(() => termsAsked(book, { peer: strict, role }, undefined))
  const asking = refusal(() => termsAsking(book, { peer: strict, role, suite: undefined }))
  expect([asked, asking]).toEqual([
    { code: 'agreement-stale', reason: 'missing' },
    { code: 'agreement-stale', reason: 'missing' },
  ])
})

test('a room keeps the agreement that has its suite', async () => {
  const open = await agreed()
  await open.settle({ asHub: [2] }, { asFollower: [2, 3] })
  const [newest] = open.book.live(peer, 'hub')
  const ask = (suite: string) =>
    termsAsking(open.book, { peer: peerProfile(), role: 'hub', suite }).agreement
  expect(ask('identified')).toBe(open.hub)
  expect(ask('moderated-pseudonyms')).toBe(newest?.held.id)
})

test('what the peer did not take is not named again', async () => {
  const open = await agreed()
  await open.settle({ asHub: [2] }, { asFollower: [2, 3] })
  const [newest] = open.book.live(peer, 'hub')
  const question = { peer: peerProfile(), role: 'hub', suite: 'moderated-pseudonyms' } as const
  const refused = new Set([newest?.held.id ?? ''])
  expect(termsAsking(open.book, { ...question, refused }).agreement).toBe(open.hub)
  refused.add(open.hub)
  expect(refusal(() => termsAsking(open.book, { ...question, refused }))).toMatchObject({
    code: 'agreement-stale',
    reason: 'refused',
  })
})

test('a peer without a common suite is refused, and told which suite is nearest and why not', async () => {
  const open = await openBook()
  await open.settle({ asHub: [2], asFollower: [2] }, { asHub: [4], asFollower: [4] })
  for (const run of [
    () => termsAsked(open.book, { peer: peerProfile(), role: 'hub' }, undefined),
    () => termsAsking(open.book, { peer: strict, role: 'hub', suite: undefined }),
    () => termsAsking(open.book, { peer: peerProfile(), role: undefined, suite: undefined }),
  ])
    expect(refusal(run)).toMatchObject({ code: 'no-common-suite' })
  expect(
    refusal(() => termsAsked(open.book, { peer: peerProfile(), role: 'hub' }, undefined)),
  ).toMatchObject({ suite: 2, closest: 4, field: 'room.id', audience: 'archive' })
})
