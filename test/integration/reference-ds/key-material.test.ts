import { expect, test } from 'vitest'
import { decode, encode, vector } from '../../../src/wire/codec.ts'
import { keyMaterialResponseCodec } from '../../../src/wire/mimi/key-material.ts'
import { keyPackageCodec } from '../../../src/wire/mls/key-package.ts'
import {
  basicIdentity,
  DsClient,
  foundKeyPackages,
  keyMaterialRequest,
  newKeyPackage,
  pseudonymousIdentity,
} from '../../support/ds-client.ts'
import { dsNetwork } from '../../support/ds-network.ts'

const alice = 'mimi://a.example/u/alice'
const bob = 'mimi://b.example/u/bob'
const room = 'mimi://a.example/r/clubhouse'
const otherRoom = 'mimi://a.example/r/garden'
const bobPhone = 'mimi://b.example/d/phone'
const bobLaptop = 'mimi://b.example/d/laptop'

test('a KeyPackage is handed out once, however many ask at the same time', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  const uploaded = Array.from({ length: 5 }, () => newKeyPackage(basicIdentity(bob)))
  await phone.upload(...uploaded)

  const answers = await Promise.all(
    Array.from({ length: 12 }, () => ask(network, { target: bob, room, requester: alice })),
  )

  const found = answers.flatMap(foundKeyPackages).map((bytes) => bytes.toString('hex'))
  expect(found).toHaveLength(5)
  expect(new Set(found).size).toBe(5)
  const empty = answers.filter(({ userStatus }) => userStatus === 'noCompatibleMaterial')
  expect(empty).toHaveLength(7)
  expect(empty[0]?.clients).toEqual([{ clientStatus: 'keyMaterialExhausted', clientUri: bobPhone }])
})

test('a KeyPackage that was handed out stays so after a restart and after a second upload', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  const only = newKeyPackage(basicIdentity(bob))
  await phone.upload(only)
  expect((await ask(network, { target: bob, room, requester: alice })).userStatus).toBe('success')

  await network.restart('b.example')
  await phone.upload(only)

  const answer = await ask(network, { target: bob, room, requester: alice })
  expect(answer.userStatus).toBe('noCompatibleMaterial')
})

test('an expired KeyPackage is not handed out', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  await phone.upload(newKeyPackage(basicIdentity(bob), 60_000))
  network.nowMs += 61_000

  const answer = await ask(network, { target: bob, room, requester: alice })

  expect(answer.clients).toEqual([{ clientStatus: 'keyMaterialExhausted', clientUri: bobPhone }])
})

test('keyMaterial answers nothingCompatible for another suite or a capability that is missing', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  await phone.upload(newKeyPackage(basicIdentity(bob)))
  const nothing = {
    userStatus: 'noCompatibleMaterial',
    clients: [
      { clientStatus: 'nothingCompatible', clientUri: bobPhone, clientCapabilities: undefined },
    ],
  }

  const asks = { target: bob, room, requester: alice }
  expect(await ask(network, { ...asks, ciphersuites: [3] })).toMatchObject(nothing)
  expect(await ask(network, { ...asks, extensionTypes: [0x7777] })).toMatchObject(nothing)
  expect(await ask(network, asks)).toMatchObject({ userStatus: 'success' })
})

test('keyMaterial answers partialSuccess where one of two clients has nothing left', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  await new DsClient(network, bob, bobLaptop).register()
  await phone.upload(newKeyPackage(basicIdentity(bob)))

  const answer = await ask(network, { target: bob, room, requester: alice })

  expect(answer.userStatus).toBe('partialSuccess')
  expect(answer.clients.map(({ clientStatus }) => clientStatus)).toEqual([
    'keyMaterialExhausted',
    'success',
  ])
})

test('keyMaterial answers userUnknown without clients for a user who is not registered', async () => {
  const network = await dsNetwork('b.example')
  const answer = await ask(network, { target: bob, room, requester: alice })
  expect(answer).toMatchObject({ userStatus: 'userUnknown', clients: [] })
})

test('all clients of a user have one pseudonym per room, and another one in another room', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  const laptop = await new DsClient(network, bob, bobLaptop).register()
  await phone.upload(...pseudonymousPackages('p'))
  await laptop.upload(...pseudonymousPackages('l'))
  const pseudonymous = {
    target: bob,
    requester: 'mimi://a.example/u/pseudonym-of-alice',
    credential: pseudonymousIdentity('mimi://a.example/u/x', 'mimi://a.example/d/x').credential,
  }

  const first = pseudonymsOf(await ask(network, { ...pseudonymous, room }))
  const elsewhere = pseudonymsOf(await ask(network, { ...pseudonymous, room: otherRoom }))
  const again = pseudonymsOf(await ask(network, { ...pseudonymous, room }))
  const third = await ask(network, { ...pseudonymous, room })

  expect(first).toHaveLength(2)
  expect(new Set(first).size).toBe(1)
  expect(again).toEqual(first)
  expect(new Set(elsewhere).size).toBe(1)
  expect(elsewhere[0]).not.toBe(first[0])
  expect(third).toMatchObject({ userStatus: 'noCompatibleMaterial', clients: [] })
})

test('beside a pseudonymous KeyPackage stands the client pseudonym, not the client', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  const pseudonym = 'mimi://b.example/d/pseudonym'
  await phone.upload(newKeyPackage(pseudonymousIdentity('mimi://b.example/u/p1', pseudonym)))

  const answer = await ask(network, {
    target: bob,
    room,
    requester: alice,
    credentialTypes: [0xf4d1],
  })

  expect(answer.clients.map(({ clientUri }) => clientUri)).toEqual([pseudonym])
})

test('a client cannot upload KeyPackages of another user or under a pseudonym of another user', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  const eve = await new DsClient(
    network,
    'mimi://b.example/u/eve',
    'mimi://b.example/d/e',
  ).register()
  const shared = pseudonymousIdentity('mimi://b.example/u/p1', 'mimi://b.example/d/p1')
  await phone.upload(newKeyPackage(shared))

  expect(await uploadStatus(eve, newKeyPackage(basicIdentity(bob)))).toBe(403)
  expect(await uploadStatus(eve, newKeyPackage(shared))).toBe(403)
  const foreign = pseudonymousIdentity('mimi://a.example/u/p2', 'mimi://a.example/d/p2')
  expect(await uploadStatus(eve, newKeyPackage(foreign))).toBe(403)
})

test('a user who requires consent is reached only by those who have it, for the room that it names', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register({ requireConsent: true })
  await phone.upload(...Array.from({ length: 3 }, () => newKeyPackage(basicIdentity(bob))))
  const asks = { target: bob, requester: alice }
  expect(await ask(network, { ...asks, room })).toMatchObject({ userStatus: 'noConsent' })

  await phone.consent('grant', { requester: alice, target: bob, room })
  expect(await ask(network, { ...asks, room })).toMatchObject({ userStatus: 'success' })
  const elsewhere = await ask(network, { ...asks, room: otherRoom })
  expect(elsewhere).toMatchObject({ userStatus: 'noConsentForThisRoom', clients: [] })

  await phone.consent('revoke', { requester: alice, target: bob })
  expect(await ask(network, { ...asks, room })).toMatchObject({ userStatus: 'noConsent' })
})

test('KeyPackages of a grant are not handed out again', async () => {
  const network = await dsNetwork('b.example')
  const phone = await new DsClient(network, bob, bobPhone).register()
  const given = newKeyPackage(basicIdentity(bob))
  await phone.consent('grant', { requester: alice, target: bob, keyPackages: [given] })
  await phone.upload(given)

  const answer = await ask(network, { target: bob, room, requester: alice })
  expect(answer.userStatus).toBe('noCompatibleMaterial')
})

test('a hub relays keyMaterial for its own rooms only', async () => {
  const network = await dsNetwork('a.example', 'b.example')
  const body = keyMaterialRequest({ target: bob, room, requester: 'mimi://c.example/u/cathy' })
  const path = { operation: 'keyMaterial', target: bob, peer: 'c.example' }
  const answer = await network.upstream('a.example', path, body)
  expect(answer.status).toBe(404)
  expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'room-unknown' })
})

type Ask = Parameters<typeof keyMaterialRequest>[0]

async function ask(network: Awaited<ReturnType<typeof dsNetwork>>, request: Ask) {
  const path = { operation: 'keyMaterial', target: request.target, peer: 'a.example' }
  const answer = await network.upstream('b.example', path, keyMaterialRequest(request))
  return decode(keyMaterialResponseCodec, answer.bytes)
}

function pseudonymsOf({ clients }: Awaited<ReturnType<typeof ask>>): string[] {
  return clients.map((item) => {
    if (item.clientStatus !== 'success') return item.clientStatus
    const { credential } = item.keyPackage.value.leafNode
    return credential.kind === 'pseudonymous' ? credential.userPseudonym.toString() : 'basic'
  })
}

async function uploadStatus(
  client: DsClient,
  own: ReturnType<typeof newKeyPackage>,
): Promise<number> {
  const body = encode(vector(keyPackageCodec, { countMax: 1 }), [own.keyPackage])
  return (await client.post('keyPackages', body)).status
}

/** Two KeyPackages for each of three pseudonyms that all devices of the user share. */
function pseudonymousPackages(device: string) {
  return ['one', 'two', 'three'].flatMap((name) => {
    const user = `mimi://b.example/u/${name}`
    const client = `mimi://b.example/d/${device}-${name}`
    return [1, 2].map(() => newKeyPackage(pseudonymousIdentity(user, client)))
  })
}
