import { ClientError } from '../src/client/errors.ts'
import { DORAS_EMAIL, DORAS_HANDLE, ledger, type Cast } from './cast.ts'
import { expect } from './expectation.ts'
import type { Stage } from './stage.ts'
import { say } from './story-rooms.ts'

/** The enterprise opens a room in which everybody has a name. */
export async function complianceRoom(stage: Stage, { bob, cathy }: Cast): Promise<void> {
  const { uri, name, suite } = ledger
  await stage.step('Cathy opens The Ledger at c.example, and adds Bob by name', async (note) => {
    await cathy.client.createRoom({ room: uri, name, suite })
    const outcome = await cathy.client.addUser(uri, bob.user)
    expect(outcome.kind === 'accepted', `the add is accepted, not ${outcome.kind}`)
    await bob.sees('joined', ({ room }) => room === uri)
    note(`${uri}, suite ${suite}: here Bob is ${bob.client.participant(uri)}`)
    await say(cathy, { room: uri, text: 'Please note the figures', readers: [bob] })
    await say(bob, { room: uri, text: 'Noted', readers: [cathy] })
    note('messages both ways: the hub knows who speaks, b.example still does not learn it')
    const renewed = await bob.client.commitPending(uri)
    expect(renewed.kind === 'accepted', `the commit is accepted, not ${renewed.kind}`)
    await cathy.sees('room-changed', ({ room, by }) => room === uri && by.user === bob.user)
    note('Bob renews his keys with a commit')
  })
}

/** Cathy finds Dora, who wants to be asked. draft-ietf-mimi-protocol-06 §5.7, §5.8 */
export async function findAndAsk(stage: Stage, { cathy, bob, dora }: Cast): Promise<void> {
  const { uri } = ledger
  await stage.step('Cathy looks for Dora at b.example: identifierQuery', async (note) => {
    const element = { searchType: 'handle', searchValue: DORAS_HANDLE } as const
    const found = await cathy.client.queryIdentifier('b.example', [element])
    expect(found.responseCode === 'success', `the handle is found, not ${found.responseCode}`)
    expect(found.uri[0] === dora.user, 'the answer is Dora')
    note(`handle ${DORAS_HANDLE} is ${dora.user}; profile fields shown: ${profileFields(found)}`)
    const byEmail = { searchType: 'email', searchValue: DORAS_EMAIL } as const
    const { problem } = await refusalOf(() => cathy.client.queryIdentifier('b.example', [byEmail]))
    expect(problem === 'disclosure-refused', `a search by e-mail is not ${problem}`)
    note(`a search by e-mail address: ${problem} at home, by the suite agreed on with b.example`)
  })
  await stage.step('Cathy may not add Dora, asks for her consent, and may', async (note) => {
    const before = await cathy.client.addUser(uri, dora.user)
    expect(before.kind === 'no-key-material', `no key material before the consent`)
    note(`keyMaterial before: ${before.status}`)
    await cathy.client.requestConsent(dora.user, { room: uri })
    const { entry } = await dora.sees('consent')
    expect(entry.requesterUri === cathy.user, 'Dora sees who asks')
    await dora.client.grantConsent({ requester: cathy.user, room: uri, request: entry })
    await cathy.sees('consent', (event) => event.entry.consentOperation === 'grant')
    note('requestConsent reaches Dora, her updateConsent reaches Cathy')
    const after = await cathy.client.addUser(uri, dora.user)
    expect(after.kind === 'accepted', `the add is accepted, not ${after.kind}`)
    await dora.sees('joined', ({ room }) => room === uri)
    await say(dora, { room: uri, text: 'Here I am', readers: [cathy, bob] })
    note('keyMaterial after: success; Dora joined The Ledger and wrote')
  })
}

/** The refusal that an attempt meets. Throws `ExpectationError` where it meets none. */
export async function refusalOf(attempt: () => Promise<unknown>): Promise<ClientError> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof ClientError && error.code === 'refused') return error
    throw error
  }
  expect(false, 'a refusal')
}

function profileFields({
  foundProfiles,
}: {
  foundProfiles: readonly { fields: readonly unknown[] }[]
}) {
  return foundProfiles.reduce((count, { fields }) => count + fields.length, 0)
}
