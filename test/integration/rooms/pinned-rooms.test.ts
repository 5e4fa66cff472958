import { beforeAll, describe, expect, test } from 'vitest'
import {
  builtInSuites,
  pinComponent,
  type PinMode,
} from '../../../src/client/mimi/metadata-suites.ts'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import { componentIds } from '../../../src/wire/mls/app-data.ts'
import { eventually, newRoomUri } from '../../support/clubhouse.ts'
import { federationSuite } from '../../support/federation-suite.ts'
import { callInternal, holdings, internalPath } from '../../support/gateway-calls.ts'
import { componentUpdate } from '../../support/policed-rooms.ts'

const suites = (...names: readonly string[]) => ({ suites: { asHub: names, asFollower: names } })
const both = suites('identified', 'compliance')
const enterprise = {
  policies: 'enterprise',
  extra: { attested: { organisation: 'A Holding', deviceClass: 'managed', country: 'FR' } },
} as const
/** c.example has agreed to `identified` only. */
const federation = federationSuite([
  {
    domain: 'a.example',
    ...enterprise,
    peerOf: (of) => (of === 'c.example' ? suites('identified') : both),
  },
  { domain: 'b.example', ...enterprise, peerOf: () => both },
  { domain: 'c.example', ...enterprise, peerOf: () => both },
])

let alice: MimiClient
let bob: MimiClient
let count = 0

beforeAll(async () => {
  alice = await federation.client('a.example', 'alice')
}, 30_000)

/** Somebody new, with KeyPackages. */
async function person(domain: string, extra: object): Promise<MimiClient> {
  const one = await federation.client(domain, `person${++count}`, { extra })
  await one.publishKeyPackages({ basic: 4 })
  return one
}

/** A new room, in which a new Bob is too. */
async function roomOf(pin: PinMode, suite = 'identified'): Promise<string> {
  const room = newRoomUri()
  bob = await person('b.example', {})
  await alice.createRoom({ room, name: 'Pinned', suite, pin })
  expect(await alice.addUser(room, bob.user)).toMatchObject({ kind: 'accepted' })
  await eventually(bob, (event) => event.kind === 'joined' && event.room === room)
  return room
}

const joined = (room: string) => (event: { kind: string }) =>
  event.kind === 'joined' && 'room' in event && event.room === room

/** A client that says in its leaves that it takes part in rooms of other suites only. */
const elsewhere = { listedSuites: [2] }
/** A client that knows nothing of suites. */
const unmodified = { listedSuites: 'none' }
const noMaterial = { kind: 'no-key-material', status: 'noCompatibleMaterial' }

describe.each(['strict', 'vouched'] as const)('in a room with a %s pin', (mode) => {
  test('clients that list the suite come in and talk', async () => {
    const room = await roomOf(mode)
    expect(await bob.sendText(room, 'hello')).toMatchObject({ kind: 'accepted' })
    const heard = await eventually(alice, (event) => event.kind === 'message')
    expect(heard.at(-1)).toMatchObject({ text: 'hello', room })
    const view = await callInternal(federation.provider('a.example'), internalPath('rooms', room))
    expect(JSON.parse(view.bytes.toString())).toMatchObject({ suite: 'identified' })
  })

  test('key material that cannot enter is not handed out, whoever asks', async () => {
    const room = await roomOf(mode)
    const [near, far] = [await person('a.example', elsewhere), await person('c.example', elsewhere)]
    for (const asker of [alice, bob])
      for (const { user } of [near, far])
        expect(await asker.addUser(room, user)).toMatchObject(noMaterial)
  })

  test('an Add of such a client is refused and changes nothing', async () => {
    const room = await roomOf(mode)
    const carol = await person('c.example', elsewhere)
    await carol.grantConsent({ requester: alice.user, keyPackages: 1 })
    const events = await eventually(alice, ({ kind }) => kind === 'consent')
    const granted = events.find((event) => event.kind === 'consent')
    if (granted?.kind !== 'consent') throw new Error('no grant')
    const before = await holdings(federation.provider('a.example'), room)
    const outcome = await alice.addUser(room, carol.user, { grant: granted.entry })
    expect(outcome).toMatchObject({ kind: 'not-allowed' })
    expect(await holdings(federation.provider('a.example'), room)).toEqual(before)
    expect(await alice.commitPending(room)).toMatchObject({ kind: 'accepted' })
  })

  test('an external commit of such a client is refused and changes nothing', async () => {
    const room = await roomOf(mode)
    const name = bob.user.split('/').at(-1) ?? ''
    const second = await federation.client('b.example', name, { device: '2', extra: elsewhere })
    const before = await holdings(federation.provider('a.example'), room)
    expect(await second.joinExternally(room)).toMatchObject({ kind: 'not-allowed' })
    expect(await holdings(federation.provider('a.example'), room)).toEqual(before)
  })

  test('of a user with several clients those come in that can', async () => {
    const room = await roomOf(mode)
    const dora = await person('b.example', {})
    const name = dora.user.split('/').at(-1) ?? ''
    const old = await federation.client('b.example', name, { device: '2', extra: elsewhere })
    await old.publishKeyPackages({ basic: 1 })
    expect(await alice.addUser(room, dora.user)).toMatchObject({ kind: 'accepted' })
    await eventually(dora, joined(room))
    expect(alice.members(room).filter(({ user }) => user === dora.user)).toHaveLength(1)
  })

  test('a suite to which a provider has not agreed cannot be pinned', async () => {
    const room = await roomOf(mode)
    const { componentId, data } = pinComponent(builtInSuites, 'compliance')
    const change = () => alice.commit(room, () => [componentUpdate(componentId, data)])
    const carol = await person('c.example', {})
    expect(await alice.addUser(room, carol.user)).toMatchObject({ kind: 'accepted' })
    await eventually(carol, joined(room))
    const before = await holdings(federation.provider('a.example'), room)
    expect(await change()).toMatchObject({ kind: 'not-allowed' })
    expect(await holdings(federation.provider('a.example'), room)).toEqual(before)
    // Without her it can.
    expect(await alice.removeUser(room, carol.user)).toMatchObject({ kind: 'accepted' })
    expect(await change()).toMatchObject({ kind: 'accepted' })
    const view = await callInternal(federation.provider('a.example'), internalPath('rooms', room))
    expect(JSON.parse(view.bytes.toString())).toMatchObject({ suite: 'compliance' })
    await expect(alice.addUser(room, carol.user)).rejects.toMatchObject({
      problem: 'suite-unavailable',
    })
  })
})

describe('a client that knows nothing of suites', () => {
  test('comes into a room whose pin its provider vouches for', async () => {
    const room = await roomOf('vouched')
    const carol = await person('c.example', unmodified)
    expect(await alice.addUser(room, carol.user)).toMatchObject({ kind: 'accepted' })
    await eventually(carol, joined(room))
    expect(await carol.commitPending(room)).toMatchObject({ kind: 'accepted' })
  })

  test('does not come into one with a strict pin', async () => {
    const room = await roomOf('strict')
    const carol = await person('c.example', unmodified)
    expect(await bob.addUser(room, carol.user)).toMatchObject(noMaterial)
  })

  test('does not come in where its provider has not agreed', async () => {
    const room = await roomOf('vouched', 'compliance')
    const carol = await person('c.example', unmodified)
    const before = await holdings(federation.provider('a.example'), room)
    await carol.grantConsent({ requester: alice.user, keyPackages: 1 })
    const events = await eventually(alice, ({ kind }) => kind === 'consent')
    const granted = events.find((event) => event.kind === 'consent')
    if (granted?.kind !== 'consent') throw new Error('no grant')
    expect(await alice.addUser(room, carol.user, { grant: granted.entry })).toMatchObject({
      kind: 'not-allowed',
    })
    expect(await holdings(federation.provider('a.example'), room)).toEqual(before)
  })
})

describe('a joiner looks at the pin before it uses a group', () => {
  const listsAll = { acceptedSuites: [2], listedSuites: [1, 2, 3, 4] }

  test('of a Welcome', async () => {
    const room = await roomOf('strict')
    const carol = await person('c.example', listsAll)
    expect(await alice.addUser(room, carol.user)).toMatchObject({ kind: 'accepted' })
    const events = await eventually(carol, ({ kind }) => kind === 'refused')
    expect(events.at(-1)).toEqual({ kind: 'refused', room, code: 'suite-not-accepted' })
    expect(carol.rooms).toEqual([])
  })

  test('of a GroupInfo', async () => {
    const room = await roomOf('strict')
    const name = bob.user.split('/').at(-1) ?? ''
    const second = await federation.client('b.example', name, { device: '3', extra: listsAll })
    await expect(second.joinExternally(room)).rejects.toThrow('suite-not-accepted')
  })
})

test('a room without a pin takes clients that list other suites, as before', async () => {
  const room = await roomOf('none')
  const { extensions } = alice.group(room).context
  expect(JSON.stringify(extensions)).not.toContain(String(componentIds.metadataRequirements))
  const carol = await person('c.example', elsewhere)
  expect(await alice.addUser(room, carol.user)).toMatchObject({ kind: 'accepted' })
  await eventually(carol, joined(room))
})

test('pins outlive a restart of the hub', async () => {
  const room = await roomOf('strict')
  const hub = federation.provider('a.example')
  const before = await holdings(hub, room)
  await hub.stop()
  await hub.start()
  expect(await holdings(hub, room)).toEqual(before)
  const carol = await person('c.example', elsewhere)
  expect(await bob.addUser(room, carol.user)).toMatchObject(noMaterial)
}, 30_000)
