import { setTimeout as sleep } from 'node:timers/promises'
import type { FrankEvidence } from '../src/client/mimi/franked-message.ts'
import { clubhouse, lobby, providerOf, reported, type Cast } from './cast.ts'
import { headerOf } from './recording.ts'
import { operationOf } from './crossed.ts'
import type { Device } from './device.ts'
import { expect } from './expectation.ts'
import { reportKeyOf, strikeAnswered } from './operator.ts'
import type { Federation } from './providers.ts'
import type { Stage } from './stage.ts'
import { refusalOf } from './story-contacts.ts'
import { evidenceOf } from './story-reports.ts'
import { say } from './story-rooms.ts'

const { uri: room } = clubhouse

/** A flood of somebody whom the hub cannot name is stopped in its room; everybody else speaks on. */
export async function flood(stage: Stage, federation: Federation, cast: Cast): Promise<void> {
  const { alice, bob, cathy, finn } = cast
  const spam = await stage.step(
    'Finn joins, and writes under a pseudonym of the day',
    async (note) => {
      await joins(alice, finn, room)
      await joins(alice, finn, lobby.uri)
      finn.client.writeUnnamed(room)
      await say(finn, { room, text: reported.spam, readers: [bob] })
      const [seen, other] = [
        await alice.reads(room, reported.spam),
        await cathy.reads(room, reported.spam),
      ]
      const evidence = evidenceOf(seen)
      expect(PSEUDONYM_OF_A_DAY.test(evidence.senderUri), 'the hub franks another pseudonym')
      expect(seen.sender.user === finn.user, 'Alice can tell that it is Finn')
      note(`the hub sees ${evidence.senderUri}, certified by e.example`)
      note('e.example signed the certificate blindly: it cannot tell this room, or this pseudonym')
      note('the members see that it is Finn')
      return [evidence, evidenceOf(other)] as const
    },
  )
  await stage.step('Finn floods the room and meets 429', async (note) => {
    let accepted = 0
    const refused = await refusalOf(async () => {
      for (; accepted < FLOOD_MAX; accepted++) {
        const sent = await finn.client.sendText(room, `Spam ${accepted + 1}`)
        expect(sent.kind === 'accepted', `accepted or refused with 429, not ${sent.kind}`)
      }
    })
    expect(refused.status === 429, `the flood meets 429, not ${refused.status}`)
    expect(refused.retryAfterMs !== undefined, 'the client learns when to try again')
    const onTheWire = retryAfterFromHub(federation)
    expect(onTheWire !== undefined, 'the hub says when to try again')
    note(`${accepted} more messages pass, then 429 with Retry-After: ${onTheWire}`)
    note(`Finn's client is told to wait ${refused.retryAfterMs / 1_000} s`)
    await say(cathy, { room, text: 'Could you stop that?', readers: [alice] })
    note('the budget is of the room and the pseudonym: Cathy speaks on')
    finn.client.writeUnnamed(lobby.uri)
    await say(finn, { room: lobby.uri, text: IN_THE_LOBBY, readers: [alice] })
    note('in The Lobby Finn is another pseudonym, and nothing links the two')
  })
  await strike(stage, federation, { cast, spam })
}

/** Two reports end the pseudonym's day, and its provider learns enough to act, and no name is said. */
async function strike(
  stage: Stage,
  federation: Federation,
  { cast, spam }: { readonly cast: Cast; readonly spam: readonly [FrankEvidence, FrankEvidence] },
): Promise<void> {
  const { alice, cathy, finn } = cast
  await stage.step('Two reports end the pseudonym’s day, and strike at home', async (note) => {
    const [first, second] = spam
    const key = await reportKeyOf(providerOf(federation, 'a.example'))
    // Sealed to the hub; its operator may tell Finn's provider, without what was written.
    const how = { key, category: 'spam', consent: { forward: true }, signed: true }
    await alice.client.report(room, [first], { note: 'Spam', sealed: how })
    const between = await finn.client.sendText(lobby.uri, 'Still here')
    expect(between.kind === 'accepted', 'nothing happens on one report')
    await cathy.client.report(room, [second], { note: 'Spam', sealed: how })
    const refused = await refusedForGood(() => finn.client.sendText(room, 'More spam'))
    expect(
      refused.problem === 'pseudonym-denied',
      `the pseudonym is denied, not ${refused.problem}`,
    )
    note(
      'one report does nothing; after the second the hub refuses the pseudonym until its day ends',
    )
    const elsewhere = await finn.client.sendText(lobby.uri, 'And still here')
    expect(elsewhere.kind === 'accepted', 'the hub cannot tell who Finn is in The Lobby')
    note('in The Lobby Finn speaks on: the hub does not know that it is the same person')
    const state = await strikeAnswered(providerOf(federation, 'a.example'))
    expect(state === 'actioned', `e.example has acted on the strike, not ${state}`)
    note('postern notices list at a.example: a strike, answered by e.example: actioned')
    note(
      'from tomorrow on e.example gives Finn half as many tokens; a.example never learned his name',
    )
  })
}

/** The refusal once there is budget for one message again. */
async function refusedForGood(work: () => Promise<unknown>) {
  for (;;) {
    const refused = await refusalOf(work)
    if (refused.problem !== 'rate-limited') return refused
    await sleep(refused.retryAfterMs ?? 0)
  }
}

async function joins(adder: Device, joiner: Device, uri: string): Promise<void> {
  const outcome = await adder.client.addUser(uri, joiner.user)
  expect(outcome.kind === 'accepted', `the add is accepted, not ${outcome.kind}`)
  await joiner.sees('joined', (event) => event.room === uri)
}

/** The room takes a member out. draft-ietf-mimi-protocol-06 §5.3 */
export async function removal(stage: Stage, cast: Cast, tablet: Device): Promise<void> {
  const { alice, bob, cathy } = cast
  await stage.step('The room removes Bob', async (note) => {
    const epoch = alice.epoch(room)
    const outcome = await alice.client.removeUser(room, bob.user)
    expect(outcome.kind === 'accepted', `the removal is accepted, not ${outcome.kind}`)
    const seen = await cathy.sees('room-changed', ({ removed }) => removed.length > 0)
    expect(seen.removed[0]?.user === bob.user, 'Cathy sees that Bob was removed')
    note(`Alice removes Bob: epoch ${epoch} to ${alice.epoch(room)}`)
    // His client has not read of it: it still encrypts, and the hub has to say no.
    const late = await bob.client.sendText(room, 'One more thing')
    expect(late.kind === 'not-allowed', `Bob's next message is refused, not ${late.kind}`)
    note(`Bob's next message: ${late.kind}`)
    await bob.sees('removed', (event) => event.room === room)
    await say(alice, { room, text: AFTERWARDS, readers: [cathy, tablet] })
    note(`Alice: “${AFTERWARDS}”, read by Cathy on both devices`)
  })
}

/** From the hub's own bytes, not from what the client made of them. */
function retryAfterFromHub({ recording }: Federation): string | undefined {
  const limited = recording.crossings.findLast(
    (crossing) => operationOf(crossing) === 'submitMessage' && crossing.answer?.status === 429,
  )
  const seconds = headerOf(limited?.answer?.headers ?? [], 'retry-after')
  return seconds === undefined ? undefined : `${seconds} s`
}

const FLOOD_MAX = 40
const IN_THE_LOBBY = 'Hello from me here'
const PSEUDONYM_OF_A_DAY = /^mimi:\/\/e\.example\/u\/e~[\w-]{22}$/
/** Bob's provider must not see this one: the claims look for it. */
const AFTERWARDS = 'Where were we?'
