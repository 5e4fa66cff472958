import { beforeAll, expect, test } from 'vitest'
import { createControlClient } from '../../../src/cli/control-client.ts'
import type { MimiClient } from '../../../src/client/mimi-client.ts'
import type { FrankEvidence } from '../../../src/client/mimi/franked-message.ts'
import type { ReportKey } from '../../../src/client/mimi/sealed-report.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import { rows, until } from '../../support/gateway-calls.ts'
import { peerRequest } from '../../support/peers-listener.ts'

// Bob of b.example writes under a pseudonym of the day in a room of a.example; Alice and Cathy report
// him, and agree that his provider is told. Nobody decides: the policies are those that come along.
const issuing = { tokens: true, extra: { issuer: { enabled: true } } } as const
const clubhouse = useClubhouse({
  keyPackages: { basic: 2, pseudonymous: 20 },
  providers: { 'a.example': issuing, 'b.example': issuing, 'c.example': issuing },
})
const provider = (domain: string) => clubhouse().federation.provider(domain)
const hub = () => rows(provider('a.example'), 'postern.sqlite')
const home = () => rows(provider('b.example'), 'postern.sqlite')
const page = { peer: undefined, sentBefore: undefined, receivedBefore: undefined, limit: 10 }
let uri: string
let key: ReportKey

/** The hub's key for reports, as its document publishes it. */
async function reportKey(): Promise<ReportKey> {
  const { body } = await peerRequest({
    port: Number(new URL(provider('a.example').gateway.urls.peers).port),
    method: 'GET',
    path: '/.well-known/mimi-metadata-requirements',
    headers: { host: 'a.example', from: 'mimi@c.example', accept: 'application/jose' },
    identity: provider('c.example').identity,
    tls: { servername: 'a.example' },
  })
  const [, payload = ''] = body.toString().split('.')
  const { reports } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    reports: { sealingKey: ReportKey }
  }
  return reports.sealingKey
}

async function report(reporter: MimiClient, evidence: FrankEvidence, forward: boolean) {
  const sealed = { key, category: 'harassment.targeted', consent: { forward }, signed: true }
  await reporter.report(uri, [evidence], { sealed })
}

beforeAll(async () => {
  key = await reportKey()
}, 30_000)

test('one reporter changes nothing but a notice, a second one denies and strikes', async () => {
  const { alice, bob, cathy, room } = clubhouse()
  uri = await room()
  bob.writeUnnamed(uri)
  await bob.sendText(uri, 'something rude')
  const { evidence } = await cathy.next('message', { room: uri })
  const { evidence: same } = await alice.next('message', { room: uri })
  if (evidence === undefined || same === undefined) throw new Error('not franked')

  await report(cathy, evidence, true)
  await report(cathy, evidence, true)
  const sent = () => hub()('SELECT type, state, about, policies FROM notices_sent ORDER BY rowid')
  await until(() => JSON.stringify(sent()).includes('"state":"received"'))
  expect(sent()).toEqual([
    expect.objectContaining({ type: 'notice', policies: '["r3-sender-notice"]' }),
  ])
  expect((await bob.sendText(uri, 'still here')).kind).toBe('accepted')

  await report(alice, same, true)
  await until(() => JSON.stringify(sent()).includes('"state":"actioned"'))
  expect(hub()('SELECT because FROM strike_reasons WHERE room = ?', uri)).toEqual([
    { because: 'reporters' },
  ])
  await expect(bob.sendText(uri, 'again')).rejects.toMatchObject({ status: 403 })
  expect(home()('SELECT halvings FROM issuer_penalties')).toEqual([{ halvings: 2 }])
  await using control = createControlClient(provider('a.example').config().listeners.admin.socket)
  const told = (await control.notices.list(page)).sent
  const [{ about } = { about: '' }] = told.filter(({ type }) => type === 'notice')
  const nothing = { confirmed: false, decided: false, order: false }
  const routes = await control.notices.routes(about, nothing)
  expect(routes?.sent.map(({ type }) => type)).toEqual(['notice'])

  const strike = told.find(({ type }) => type === 'strike')
  await control.notices.retract(strike?.id ?? '')
  expect((await bob.sendText(uri, 'and back')).kind).toBe('accepted')
})

test('a reporter in a room of three who did not agree is not given away: denied here, nobody told', async () => {
  const { alice, bob, cathy, room } = clubhouse()
  uri = await room()
  bob.writeUnnamed(uri)
  await bob.sendText(uri, 'something ruder')
  const { evidence } = await cathy.next('message', { room: uri })
  const { evidence: same } = await alice.next('message', { room: uri })
  if (evidence === undefined || same === undefined) throw new Error('not franked')
  const before = hub()('SELECT id FROM notices_sent').length
  await report(cathy, evidence, false)
  await report(alice, same, false)
  await expect(bob.sendText(uri, 'again')).rejects.toMatchObject({ status: 403 })
  expect(hub()('SELECT because FROM strike_reasons WHERE room = ?', uri)).toEqual([
    { because: 'reporters' },
  ])
  expect(hub()('SELECT id FROM notices_sent')).toHaveLength(before)
})
