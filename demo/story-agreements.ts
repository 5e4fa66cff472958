import { everybodysSuites } from '../src/cli/requirements-input.ts'
import { negotiate } from '../src/metadata/negotiate.ts'
import { acceptedLater, boardroom, lobby, providerOf, type Cast } from './cast.ts'
import { expect } from './expectation.ts'
import { agreementsOf, approve, documentOf, meetPeers, reload } from './operator.ts'
import type { Federation } from './providers.ts'
import type { Stage } from './stage.ts'
import { refusalOf } from './story-contacts.ts'
import { say } from './story-rooms.ts'

/** Each provider says what it asks for, and each two of them agree or do not. */
export async function agree(stage: Stage, { providers }: Federation): Promise<void> {
  await stage.step('They publish what metadata they ask for, and agree', async (note) => {
    for (const provider of providers) {
      const { asHub, asFollower } = provider.plan.suites
      note(
        `${provider.plan.domain}  as hub ${asHub.join(', ')}; as follower ${asFollower.join(', ')}`,
      )
    }
    // Twice: who asked first has answered others since.
    for (const provider of [...providers, ...providers]) await meetPeers(provider)
    for (const provider of providers) {
      const { domain } = provider.plan
      for (const { role, peer, suites, state } of await agreementsOf(provider))
        if (role === 'hub') {
          expect(state === 'live', `the first agreement of ${domain} and ${peer} is in force`)
          note(`rooms of ${domain} with ${peer}: ${suites.join(', ')}`)
        }
    }
  })
}

/** A provider that asks for too much is refused, and told why. */
export async function tooMuch(stage: Stage, federation: Federation, cast: Cast): Promise<void> {
  const [ours, theirs] = [providerOf(federation, 'a.example'), providerOf(federation, 'd.example')]
  await stage.step('d.example asks for more than a.example gives, and is refused', async (note) => {
    const hub = await documentOf(ours)
    const outcome = negotiate(hub, await documentOf(theirs), everybodysSuites())
    expect(outcome.kind === 'no-common-suite', `there is no common suite, not ${outcome.kind}`)
    const [miss] = outcome.nearest
    expect(miss !== undefined && miss.conflicts.length > 0, 'the nearest suites are told')
    note('postern requirements negotiate a.example d.example: no suite in common')
    for (const conflict of miss.conflicts.slice(0, CONFLICTS_SHOWN)) {
      const { field, audience, hub: wide, follower } = conflict
      note(`  ${field} for ${audience}: ${wide.join(' to ')} here, ${follower.join(' to ')} there`)
    }
    note(`  and ${miss.conflicts.length - CONFLICTS_SHOWN} more`)
    const { problem } = await refusalOf(() => cast.alice.client.addUser(lobby.uri, cast.eve.user))
    expect(problem === 'no-common-suite', `refused for want of a suite, not ${problem}`)
    note(`Alice adds Eve of d.example: ${problem}, and nothing of it crosses`)
  })
}

/** One hub, one follower, two suites: what is shown depends on the room. */
export async function namedRoom(stage: Stage, { alice, bob, cathy }: Cast): Promise<void> {
  const { uri, name, suite } = boardroom
  await stage.step('Alice opens The Boardroom, where Cathy has her name', async (note) => {
    await alice.client.createRoom({ room: uri, name, suite })
    const outcome = await alice.client.addUser(uri, cathy.user)
    expect(outcome.kind === 'accepted', `the add is accepted, not ${outcome.kind}`)
    await cathy.sees('joined', ({ room }) => room === uri)
    expect(cathy.client.participant(uri) === cathy.user, 'Cathy is there by name')
    await say(cathy, { room: uri, text: 'Good morning', readers: [alice] })
    note(`${uri}, suite ${suite}: here Cathy is ${cathy.user}`)
    note('same hub and same follower as The Clubhouse, another suite')
    const { problem } = await refusalOf(() => alice.client.addUser(uri, bob.user))
    expect(problem === 'suite-unavailable', `b.example has not agreed to it, not ${problem}`)
    note(`Alice adds Bob: ${problem}, for b.example has not agreed to ${suite}`)
  })
}

/** What would show more than before waits for the operator; what was agreed goes on meanwhile. */
export async function change(stage: Stage, federation: Federation, cast: Cast): Promise<void> {
  const { alice, bob } = cast
  const [hub, follower] = [providerOf(federation, 'a.example'), providerOf(federation, 'b.example')]
  const pending = async (provider: typeof hub) =>
    (await agreementsOf(provider)).filter(({ state }) => state === 'pending')
  await stage.step('b.example accepts more: that waits for the operators', async (note) => {
    await follower.rewrite(acceptedLater)
    await reload(follower)
    await meetPeers(follower)
    await meetPeers(hub)
    const [waiting] = await pending(hub)
    expect(waiting !== undefined, 'the new agreement waits at the hub')
    note(
      `a.example: ${waiting.suites.join(', ')} with ${waiting.peer} shows more (${waiting.change}): pending`,
    )
    await say(alice, { room: lobby.uri, text: 'Still on the old terms', readers: [bob] })
    note('messages go on under the agreement in force')
    const { problem } = await refusalOf(() => alice.client.addUser(boardroom.uri, bob.user))
    expect(problem === 'suite-unavailable', `Bob may not be added yet, not ${problem}`)
    for (const provider of [hub, follower])
      for (const agreement of await pending(provider)) {
        await approve(provider, agreement)
        note(`postern agreements approve at ${provider.plan.domain}`)
      }
    const outcome = await alice.client.addUser(boardroom.uri, bob.user)
    expect(outcome.kind === 'accepted', `the add is accepted, not ${outcome.kind}`)
    await bob.sees('joined', ({ room }) => room === boardroom.uri)
    note('now Alice may add Bob to The Boardroom')
  })
}

const CONFLICTS_SHOWN = 3
