import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createControlClient } from '../../../src/cli/control-client.ts'
import { readApplicationData } from '../../../src/franking/application-data.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import { rows, until } from '../../support/gateway-calls.ts'

// Bob of b.example writes under a pseudonym of the day in a room of a.example; Cathy reports him. Rooms
// of three hide no reporter, so that the hub has routing policies of its own.
const policies = mkdtempSync(join(tmpdir(), 'postern-test-'))
writeFileSync(
  join(policies, 'routing.cedar'),
  `@id("decided") @reason("a test")
permit (principal is Provider, action == Action::"receive:notice", resource)
when { principal == resource.senderProvider && resource.decided && resource.verification == "frank" };`,
)
afterAll(() => rmSync(policies, { recursive: true, force: true }))

const issuer = { enabled: true }
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 20 },
  providers: {
    'a.example': { tokens: true, extra: { issuer, routingPolicies: policies } },
    'b.example': { tokens: true, extra: { issuer } },
    'c.example': { tokens: true, extra: { issuer } },
  },
})
const hub = () => clubhouse().federation.provider('a.example')
const home = () => clubhouse().federation.provider('b.example')
const penalties = () => rows(home(), 'postern.sqlite')('SELECT halvings FROM issuer_penalties')
const strikes = () =>
  rows(
    hub(),
    'postern.sqlite',
  )(`SELECT sum(strikes) AS strikes FROM sender_standing WHERE provider = 'b.example'`)
let strike: object
let uri: string

beforeAll(async () => {
  const { bob, cathy, room } = clubhouse()
  uri = await room()
  bob.writeUnnamed(uri)
  await bob.sendText(uri, 'something rude')
  const { evidence } = await cathy.next('message', { room: uri })
  if (evidence === undefined) throw new Error('not franked')
  await cathy.report(uri, [evidence], { note: 'look' })
  const frankingTag = readApplicationData(evidence.applicationData)?.frankingTag.toString('hex')
  const target = { participant: evidence.senderUri, provider: 'b.example', frankingTag }
  strike = { kind: 'strike', reason: 'harassment', severity: 'medium', room: uri, ...target }
}, 60_000)

test('a strike denies the pseudonym, lowers the account’s quota at home, counts, and all of it is taken back', async () => {
  await using control = createControlClient(hub().config().listeners.admin.socket)
  const { sanction, state } = await control.sanctions.apply(strike)
  expect(state).toBe('enforced-at-hub')
  const answer = async () => (await control.notices.find(sanction.id))?.sent
  await until(async () => (await answer())?.state === 'actioned')
  expect(await answer()).toMatchObject({ actionClass: 'limit', ownLogMatch: true })
  expect(penalties()).toEqual([{ halvings: 2 }])
  await until(() => JSON.stringify(strikes()) === JSON.stringify([{ strikes: 1 }]))
  await expect(clubhouse().bob.sendText(uri, 'again')).rejects.toMatchObject({ status: 403 })

  await control.sanctions.undo(sanction.id)
  expect(await clubhouse().bob.sendText(uri, 'and back')).toMatchObject({ kind: 'accepted' })
  await until(() => penalties().length === 0)
  await until(() => JSON.stringify(strikes()) === JSON.stringify([{ strikes: 0 }]))
  expect((await control.notices.scorecards()).peers).toMatchObject([
    { peer: 'b.example', sent: 0, strikesUpheld: 0 },
  ])

  // What crossed names neither an account nor a reporter, nor says what was written.
  const crossed = JSON.stringify([
    rows(home(), 'postern.sqlite')('SELECT payload, answer FROM notices_received'),
    rows(hub(), 'postern.sqlite')('SELECT payload, answer FROM notices_sent'),
  ])
  expect(crossed).toContain('"strike')
  expect(crossed).not.toMatch(/u\/bob|cathy|something rude|look/)
})
