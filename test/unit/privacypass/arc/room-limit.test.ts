import { expect, test } from 'vitest'
import { parseMimiUri, parseProviderDomain } from '../../../../src/model/ids.ts'
import { redemptionContext } from '../../../../src/privacypass/pseudonym-certificate.ts'
import { arcRoomLimit } from '../../../../src/privacypass/arc/room-limit.ts'
import { arcCopies, arcCredential, arcScheme, arcSpends, arcToken } from '../../../support/arc.ts'

const scheme = arcScheme(3)
const epoch = 1_798_761_600
const hubDomain = parseProviderDomain('hub.example')
const contextOf = (name: string, epochStart: number) =>
  redemptionContext(
    { hub: hubDomain, room: parseMimiUri(`mimi://hub.example/r/${name}`, 'room') },
    epochStart,
  )
const room = contextOf('clubhouse', epoch)
const nextEpoch = contextOf('clubhouse', epoch + 86_400)
const otherRoom = contextOf('lobby', epoch)
const [first, second] = [Buffer.alloc(8, 0xa1), Buffer.alloc(8, 0xa2)] as [Buffer, Buffer]

function hub(by = scheme) {
  const spends = arcSpends()
  const limit = arcRoomLimit({ scheme: by, hub: 'hub.example', spends })
  const admit = (token: Uint8Array, context: Buffer, requestHash = first) =>
    limit.admit({ token, redemptionContext: context, epoch, requestHash })
  return { ...limit, admit, spends }
}

test('a credential is admitted three times in each room and each epoch', async () => {
  const { challenge, admit, spends } = hub()
  const credential = arcCredential(scheme, challenge(room))
  for (const context of [room, nextEpoch, otherRoom]) {
    for (let count = 0; count < 3; count += 1) {
      const token = arcToken(credential, challenge(context), 3)
      expect(await admit(token, context)).toMatchObject({ kind: 'admitted', again: false })
    }
    expect(credential.present(challenge(context), 3)).toEqual({ kind: 'exhausted' })
  }
  expect(spends.count()).toBe(9)
})

test('a client that forgets what it has presented gets no further', async () => {
  const { challenge, admit } = hub()
  const copy = arcCopies(scheme, challenge(room))
  const [credential, again] = [copy(), copy()]
  for (let count = 0; count < 3; count += 1)
    expect(await admit(arcToken(credential, challenge(room), 3), room)).toMatchObject({
      kind: 'admitted',
    })
  for (let count = 0; count < 3; count += 1)
    expect(await admit(arcToken(again, challenge(room), 3), room, second)).toEqual({
      kind: 'refused',
      reason: 'replayed',
    })
})

test('a replayed token is refused, and the same request again is answered again', async () => {
  const { challenge, admit, spends } = hub()
  const token = arcToken(arcCredential(scheme, challenge(room)), challenge(room), 3)
  const admitted = await admit(token, room)
  expect(admitted).toMatchObject({ kind: 'admitted', again: false })
  expect(await admit(token, room)).toEqual({ ...admitted, again: true })
  expect(await admit(token, room, second)).toEqual({ kind: 'refused', reason: 'replayed' })
  expect(spends.count()).toBe(1)
})

test('what does not verify is never written down', async () => {
  const { challenge, admit, spends } = hub()
  const credential = arcCredential(scheme, challenge(room))
  const token = arcToken(credential, challenge(room), 3)
  const changed = Buffer.from(token)
  changed[token.length - 1] = (token.at(-1) ?? 0) ^ 1
  expect(await admit(token, otherRoom)).toEqual({ kind: 'refused', reason: 'wrong-challenge' })
  expect(await admit(changed, room)).toEqual({ kind: 'refused', reason: 'invalid-authenticator' })
  expect(await admit(token.subarray(1), room)).toEqual({
    kind: 'refused',
    reason: 'malformed-token',
  })
  expect(await hub(arcScheme(3)).admit(token, room)).toEqual({
    kind: 'refused',
    reason: 'unknown-key',
  })
  expect(spends.count()).toBe(0)
})

test('an epoch that the store has closed admits nobody', async () => {
  const limit = arcRoomLimit({
    scheme,
    hub: 'hub.example',
    spends: { spend: () => Promise.resolve({ kind: 'epoch-closed' }) },
  })
  const token = arcToken(arcCredential(scheme, limit.challenge(room)), limit.challenge(room), 3)
  const request = { token, redemptionContext: room, epoch, requestHash: first }
  expect(await limit.admit(request)).toEqual({ kind: 'refused', reason: 'epoch-closed' })
})

test('a credential of another credential context is not admitted', async () => {
  const spends = arcSpends()
  const of = (month: number) =>
    arcRoomLimit({ scheme, hub: 'hub.example', credentialContext: Buffer.alloc(32, month), spends })
  const [january, february] = [of(1), of(2)]
  const credential = arcCredential(scheme, january.challenge(room))
  expect(credential.present(february.challenge(room), 3)).toEqual({ kind: 'other-credential' })
  const token = arcToken(credential, january.challenge(room), 3)
  const request = { token, redemptionContext: room, epoch, requestHash: first }
  expect(await february.admit(request)).toEqual({ kind: 'refused', reason: 'wrong-challenge' })
  expect(await january.admit(request)).toMatchObject({ kind: 'admitted' })
})
