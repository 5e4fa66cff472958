import { describe, expect, test } from 'vitest'
import { claimed, secrets } from '../../../demo/cast.ts'
import { checkClaims } from '../../../demo/claims.ts'
import { Eye } from '../../../demo/eye.ts'
import type { Crossing } from '../../../demo/recording.ts'
import { delivery, recorded, sample, submission } from '../../support/crossings.ts'

function verdict(name: string, crossings: readonly Crossing[]) {
  const claims = checkClaims(crossings, new Eye(secrets, crossings), claimed)
  const { ok, checked, broken } = claims.find((claim) => claim.name === name) ?? {}
  return { ok, checked, broken }
}

const truthful = recorded(submission(), delivery('b.example'), delivery('c.example'))

test.each([
  ['no-follower-saw-a-sender', 2],
  ['hub-saw-pseudonyms-only', 3],
  ['messages-pass-unchanged', 2],
  ['relayed-through-the-hub', 1],
  ['franks-everywhere', 2],
  ['times-in-buckets', 3],
  ['one-pseudonym-one-room', 1],
])('%s holds where everything is as it should be', (name, checked) => {
  expect(verdict(name, truthful)).toEqual({ ok: true, checked, broken: [] })
})

test('a claim that nothing was checked on does not hold', () => {
  expect(verdict('no-follower-saw-a-sender', [])).toMatchObject({ ok: false, checked: 0 })
})

describe('a follower saw the sender', () => {
  test.each([
    ['by name', sample.bob],
    ['by pseudonym', sample.bobsPseudonym],
    ['by provider', 'b.example'],
  ])('%s', (_, text) => {
    const leak = delivery('c.example', { headers: ['X-Sender', text] })
    const crossings = recorded(submission(), delivery('b.example'), leak)
    expect(verdict('no-follower-saw-a-sender', crossings)).toMatchObject({ broken: [2] })
  })
})

test('the hub saw the name of another provider’s user', () => {
  const crossings = recorded(submission({ sender: sample.bob }), delivery('c.example'))
  expect(verdict('hub-saw-pseudonyms-only', crossings)).toMatchObject({ broken: [0] })
})

test('one pseudonym was in two rooms', () => {
  const crossings = recorded(submission(), submission({ room: sample.otherRoom }))
  expect(verdict('one-pseudonym-one-room', crossings)).toMatchObject({ broken: [0, 1] })
})

describe('a message was changed on its way', () => {
  const changed = delivery('c.example')
  changed.body.writeUInt8(0, 200)

  test.each([
    ['an octet of its ciphertext', changed],
    ['another time than in the answer', delivery('c.example', { timestamp: 1_750_000_001_000n })],
    ['no frank', delivery('c.example', { franked: false })],
  ])('%s', (_, crossing) => {
    const crossings = recorded(submission(), crossing)
    expect(verdict('relayed-through-the-hub', crossings).ok).toBe(false)
    expect(verdict('messages-pass-unchanged', crossings).ok).toBe(false)
  })
})

test('a time is finer than its bucket', () => {
  const exact = delivery('c.example', { timestamp: sample.timestamp + 1n })
  expect(verdict('times-in-buckets', recorded(exact))).toMatchObject({ broken: [0] })
})

test('a message that was refused is fanned out, or 429 does not say when to try again', () => {
  const refused = submission({ status: 429 })
  const patient: Crossing = {
    ...refused,
    answer: { status: 429, headers: ['Retry-After', '3'], body: Buffer.alloc(0) },
  }
  expect(verdict('refused-goes-nowhere', recorded(patient)).ok).toBe(true)
  expect(verdict('refused-goes-nowhere', recorded(refused)).ok).toBe(false)
  expect(verdict('refused-goes-nowhere', recorded(patient, delivery('c.example'))).ok).toBe(false)
})
