import { describe, expect, test } from 'vitest'
import { claimed, secrets } from '../../../demo/cast.ts'
import { checkClaims } from '../../../demo/claims.ts'
import { Eye } from '../../../demo/eye.ts'
import type { KeptFile } from '../../../demo/kept-files.ts'
import type { Crossing } from '../../../demo/recording.ts'
import { delivery, notice, recorded, sample, submission } from '../../support/crossings.ts'

function verdict(name: string, crossings: readonly Crossing[], kept: readonly KeptFile[] = []) {
  const claims = checkClaims({ crossings, kept }, new Eye(secrets, crossings), claimed)
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
    expect(verdict('no-follower-saw-a-sender', crossings)).toMatchObject({ broken: ['crossing 2'] })
  })
})

test('the hub saw the name of another provider’s user', () => {
  const crossings = recorded(submission({ sender: sample.bob }), delivery('c.example'))
  expect(verdict('hub-saw-pseudonyms-only', crossings)).toMatchObject({ broken: ['crossing 0'] })
})

test('one pseudonym was in two rooms', () => {
  const crossings = recorded(submission(), submission({ room: sample.otherRoom }))
  expect(verdict('one-pseudonym-one-room', crossings)).toMatchObject({
    broken: ['crossing 0', 'crossing 1'],
  })
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
  expect(verdict('times-in-buckets', recorded(exact))).toMatchObject({ broken: ['crossing 0'] })
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

describe('a notice of abuse', () => {
  const name = 'notices-name-no-reporter'

  test('may name the pseudonym that it is about', () => {
    expect(verdict(name, recorded(notice()))).toEqual({ ok: true, checked: 1, broken: [] })
  })

  test.each([
    ['a pseudonym of another provider', { subject_pseudonym: sample.bobsPseudonym }],
    ['a user', { subject_pseudonym: sample.cathy }],
    ['another provider', { hub_action: 'b.example' }],
    ['a room', { subject_pseudonym: 'mimi://c.example/r/clubhouse' }],
  ])('must not name %s', (_, fields) => {
    expect(verdict(name, recorded(notice(fields)))).toMatchObject({ broken: ['crossing 0'] })
  })
})

test('a gateway kept a word of what was reported', () => {
  const [word = ''] = claimed.words
  const kept = [
    { name: 'a.example/data/postern.sqlite', bytes: Buffer.from(`\0${word}\0`) },
    { name: 'a.example.log', bytes: Buffer.from('{}') },
  ]
  expect(verdict('no-reported-word-on-any-disk', [], kept)).toEqual({
    ok: false,
    checked: 2,
    broken: ['a.example/data/postern.sqlite'],
  })
})
