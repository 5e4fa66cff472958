import { expect, test } from 'vitest'
import { epochSeconds } from '../../../src/privacypass/pseudonym-epoch.ts'
import { certifiedSender, type CertifiedSender } from '../../support/certified-sender.ts'
import { codeOf, epochStart, hashOf, key, open, room, scope } from '../../support/unnamed-scene.ts'

test('a certificate may be shown before the first message', async () => {
  const { say, show } = await open({ pseudonymsMax: 4 })
  const bob = certifiedSender(key, scope)
  expect(await show(bob)).toEqual({
    pseudonym: bob.uri,
    expiresAtMs: (epochStart + epochSeconds) * 1_000,
    remaining: 3,
  })
  expect(await show(bob)).toMatchObject({ remaining: 3 })
  expect(await say(bob, { proof: bob.prove(hashOf('hello'), { bare: true }) })).toBe('ok')
})

test('a pseudonym that was admitted for the day is no token for a message', async () => {
  const { say, show } = await open()
  const bob = certifiedSender(key, scope)
  await show(bob)
  expect(await say(bob, { once: true })).toBe('token-replayed')
})

test('a certificate that is shown again has its answer, takes nothing, and needs no room under the cap', async () => {
  const { senders, show, time } = await open({ pseudonymsMax: 2 })
  const [bob, carol] = [certifiedSender(key, scope), certifiedSender(key, scope)]
  let taken = 0
  const counting = { takeAdmission: () => Promise.resolve(void (taken += 1)) }
  // Also where it comes many times at once.
  const first = await Promise.all(Array.from({ length: 2 }, () => show(bob, counting)))
  expect(taken).toBe(1)
  await show(carol, counting)
  expect(taken).toBe(2)
  expect(await show(bob, counting)).toEqual({ ...first[0], remaining: 0 })
  time.nowMs += 3_600_000
  expect(await show(bob, counting)).toMatchObject({ pseudonym: bob.uri, remaining: 0 })
  expect(taken).toBe(2)
  await senders.deny({ epochStart, room, pseudonym: bob.pseudonymId })
  expect(await codeOf(show(bob, counting))).toBe('pseudonym-denied')
  expect(taken).toBe(2)
})

const sendersOf = (start: number) =>
  Array.from({ length: 4 }, () => certifiedSender(key, { ...scope, epochStart: start }))

test('before midnight certificates of tomorrow are under the cap of tomorrow, those of today under that of today', async () => {
  const { say, show, time } = await open({ pseudonymsMax: 2 })
  time.nowMs = (epochStart + epochSeconds) * 1_000 - 300_000
  const shown = (start: number) =>
    Promise.all(sendersOf(start).map((sender) => codeOf(show(sender))))
  const twoOfFour = ['ok', 'ok', 'pseudonyms-exhausted', 'pseudonyms-exhausted']
  expect((await shown(epochStart)).toSorted()).toEqual(twoOfFour)
  expect((await shown(epochStart + epochSeconds)).toSorted()).toEqual(twoOfFour)
  time.nowMs += 300_000
  const [late] = sendersOf(epochStart + epochSeconds)
  expect(late && (await say(late))).toBe('pseudonyms-exhausted')
})

test('what is not for this room, day and key takes no verification, and a forged token takes one', async () => {
  const { show } = await open()
  const bob = certifiedSender(key, scope)
  let taken = 0
  const shown = (admission: CertifiedSender['admission']) =>
    codeOf(show(bob, { admission, takeVerification: () => Promise.resolve(void (taken += 1)) }))
  const { token, publicKey } = bob.admission
  const elsewhere = certifiedSender(key, { ...scope, epochStart: epochStart - epochSeconds })
  const bent = (at: number) => Buffer.from(token).fill(7, at, at + 1)
  const ofAnotherKey = certifiedSender(key, scope).admission.publicKey
  expect(await shown({ token: token.subarray(1), publicKey })).toBe('token-invalid malformed-token')
  expect(await shown({ token, publicKey: ofAnotherKey })).toBe(
    'token-invalid another-key-certified',
  )
  expect(await shown({ token: bent(70), publicKey })).toBe('token-invalid unknown-key')
  expect(await shown({ token: bent(40), publicKey })).toBe('token-invalid wrong-challenge')
  expect(await shown(elsewhere.admission)).toBe('token-invalid wrong-challenge')
  expect(taken).toBe(0)
  expect(await shown({ token: bent(200), publicKey })).toBe('token-invalid invalid-authenticator')
  expect(taken).toBe(1)
  expect(await shown(bob.admission)).toBe('ok')
  expect(taken).toBe(2)
})
