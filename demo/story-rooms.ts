import { clubhouse, lobby, providerOf, type Cast } from './cast.ts'
import { Device, introduce } from './device.ts'
import { expect } from './expectation.ts'
import type { Federation } from './providers.ts'
import type { Stage } from './stage.ts'

/** Alice creates the room, adds Bob, and Bob adds Cathy. draft-ietf-mimi-protocol-06 §3.1 to §3.3 */
export async function fillClubhouse(stage: Stage, cast: Cast): Promise<void> {
  const { alice, bob, cathy } = cast
  const { uri } = clubhouse
  await stage.step('Alice creates the room The Clubhouse', async (note) => {
    await alice.client.createRoom({ room: uri, name: clubhouse.name, suite: clubhouse.suite })
    note(`${uri}, suite ${clubhouse.suite}: nothing crosses`)
    note(`there Alice is ${alice.client.participant(uri)}`)
  })
  await stage.step('Alice asks for keyMaterial of Bob and adds him', async (note) => {
    const outcome = await alice.client.addUser(uri, bob.user)
    expect(outcome.kind === 'accepted', `the add is accepted, not ${outcome.kind}`)
    await bob.sees('joined', ({ room }) => room === uri)
    note(`Bob joined by Welcome in epoch ${bob.epoch(uri)}`)
    note(`there Bob is ${bob.client.participant(uri)}`)
  })
  await stage.step('Bob adds Cathy, through the hub', async (note) => {
    const outcome = await bob.client.addUser(uri, cathy.user)
    expect(outcome.kind === 'accepted', `the add is accepted, not ${outcome.kind}`)
    await cathy.sees('joined', ({ room }) => room === uri)
    const seen = await alice.sees(
      'room-changed',
      ({ room, added }) => room === uri && added.length > 0,
    )
    const [newcomer] = seen.added
    expect(seen.by.user === bob.user && seen.by.confirmed, 'Alice can tell that Bob did it')
    expect(newcomer?.user === cathy.user && newcomer.confirmed, 'Alice can tell that it is Cathy')
    note(`there Cathy is ${cathy.client.participant(uri)}`)
    note('the members resolve the pseudonyms, by links that the providers cannot open')
  })
}

/** Everybody writes and everybody else reads. draft-ietf-mimi-protocol-06 §3.4 */
export async function talk(stage: Stage, { alice, bob, cathy }: Cast): Promise<void> {
  await stage.step('Messages in all directions', async (note) => {
    for (const [writer, text] of [
      [alice, 'Welcome to the club'],
      [bob, 'Glad to be here'],
      [cathy, 'Hello from the office'],
    ] as const) {
      const readers = [alice, bob, cathy].filter((device) => device !== writer)
      await say(writer, { room: clubhouse.uri, text, readers })
      note(`${writer.label}: “${text}”, read by ${readers.map(({ label }) => label).join(' and ')}`)
    }
  })
}

/** A new client of Cathy's joins by itself. draft-ietf-mimi-protocol-06 §3.6 */
export async function newDevice(stage: Stage, federation: Federation, cast: Cast): Promise<Device> {
  const { alice, bob, cathy } = cast
  const { uri } = clubhouse
  return stage.step("Cathy's tablet joins externally with groupInfo", async (note) => {
    const { connectionKey } = cathy.client.connectionCard()
    const provider = providerOf(federation, 'c.example')
    const tablet = await Device.register(provider, 'Cathy', { device: 'tablet', connectionKey })
    introduce([alice, bob, tablet])
    const secret = cathy.client.roomSecret(uri)
    expect(secret !== undefined, 'the phone hands the room over to the tablet')
    tablet.client.learnRoomSecret(secret)
    const outcome = await tablet.client.joinExternally(uri)
    expect(outcome.kind === 'accepted', `the join is accepted, not ${outcome.kind}`)
    await alice.sees('room-changed', ({ room, by }) => room === uri && by.user === cathy.user)
    const text = 'Now from my tablet'
    await say(tablet, { room: uri, text, readers: [alice, bob, cathy] })
    const { length } = alice.client.participants(uri)
    note(`${alice.client.members(uri).length} clients of ${length} participants in the room`)
    note(`Cathy's tablet: “${text}”, read by all, her phone too`)
    return tablet
  })
}

/** The same people in another room have other names. */
export async function secondRoom(stage: Stage, { alice, bob }: Cast): Promise<void> {
  const { uri, name, suite } = lobby
  await stage.step('Alice and Bob meet in a second room, The Lobby', async (note) => {
    await alice.client.createRoom({ room: uri, name, suite })
    const outcome = await alice.client.addUser(uri, bob.user)
    expect(outcome.kind === 'accepted', `the add is accepted, not ${outcome.kind}`)
    await bob.sees('joined', ({ room }) => room === uri)
    const there = bob.client.participant(uri)
    expect(there !== bob.client.participant(clubhouse.uri), 'Bob has another pseudonym there')
    await say(bob, { room: uri, text: 'Quiet in here', readers: [alice] })
    note(`here Bob is ${there}, which links to nothing in The Clubhouse`)
  })
}

/** Sends a text and waits until each reader has it. */
export async function say(
  writer: Device,
  { room, text, readers }: { room: string; text: string; readers: readonly Device[] },
): Promise<void> {
  const sent = await writer.client.sendText(room, text)
  expect(sent.kind === 'accepted', `the message is accepted, not ${sent.kind}`)
  expect(sent.evidence !== undefined, 'the hub franks the message')
  for (const reader of readers) {
    const { sender } = await reader.reads(room, text)
    expect(sender.user === writer.user, `${reader.label} can tell that ${writer.label} wrote it`)
  }
}
