import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createControlClient } from '../../../src/cli/control-client.ts'
import type { TlsIdentity } from '../../../src/delivery/tls-identity.ts'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import type { Provider } from '../../support/federation.ts'
import { callInternal, until } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'

// Bob of b.example reports to the hub a.example what Cathy of c.example has said. Rooms of three hide no
// reporter, so that the hub of these tests has routing policies of its own.
const policies = mkdtempSync(join(tmpdir(), 'postern-test-'))
writeFileSync(
  join(policies, 'routing.cedar'),
  `@id("decided") @reason("a test")
permit (principal is Provider, action == Action::"receive:notice", resource)
when { principal == resource.senderProvider && resource.decided && resource.verification == "frank" };
@id("no-violence") @reason("a test")
forbid (principal, action, resource) when { resource.category == "violence" };`,
)
afterAll(() => rmSync(policies, { recursive: true, force: true }))

const clubhouse = useClubhouse({
  providers: {
    'a.example': { extra: { routingPolicies: policies, moderation: { team: [{ name: 'ann' }] } } },
  },
})
let room: string
let tag: string
let subject: string

beforeAll(async () => {
  const { room: open, bob, cathy } = clubhouse()
  room = await open()
  await cathy.sendText(room, 'insult of the day')
  const { evidence } = await message(bob, 'insult of the day')
  if (evidence === undefined) throw new Error('no evidence')
  await bob.report(room, [evidence], { note: 'please look' })
  subject = cathy.participant(room)
  tag = 'ab'.repeat(32)
}, 60_000)

const hub = () => clubhouse().federation.provider('a.example')
const home = () => clubhouse().federation.provider('c.example')
const control = (provider: Provider) =>
  createControlClient(provider.config().listeners.admin.socket)

async function order(sanction: object) {
  await using client = control(hub())
  return await client.sanctions.apply({ reason: 'harassment', room, ...sanction })
}

async function stateOf(id: string) {
  await using client = control(hub())
  return (await client.notices.find(id))?.sent?.state
}

const page = { peer: undefined, sentBefore: undefined, receivedBefore: undefined, limit: 10 }

test('a strike crosses from hub to home, is answered, and is taken back', async () => {
  const strike = { kind: 'strike', provider: 'c.example', participant: subject, severity: 'low' }
  const { sanction, state } = await order({ ...strike, frankingTag: tag })
  expect(state).toBe('enforced-at-hub')
  // Nobody submitted such a message.
  await until(async () => (await stateOf(sanction.id)) === 'cannot_verify')
  await using there = control(home())
  const { received } = await there.notices.list(page)
  expect(received.find(({ id }) => id === sanction.id)).toMatchObject({
    peer: 'a.example',
    type: 'strike',
    state: 'cannot_verify',
  })
  await using here = control(hub())
  expect((await here.notices.find(sanction.id))?.sent?.policies).toEqual(['decided'])
  await here.sanctions.undo(sanction.id)
  await until(async () => (await there.notices.find(sanction.id))?.received?.state === 'withdrawn')
  expect(await stateOf(sanction.id)).toBe('retracted')
})

test('a notification of a decision is listed at home and answered by its operator', async () => {
  const notify = { kind: 'notify', provider: 'c.example', participant: subject }
  const { state } = await order({ ...notify, statementRef: 'dec-1', notice: 'statement' })
  expect(state).toBe('enforced-at-hub')
  await using here = control(hub())
  await using there = control(home())
  const sent = (await here.notices.list(page)).sent.find(({ type }) => type === 'notice')
  const id = sent?.id ?? ''
  await until(async () => (await stateOf(id)) === 'received')
  const view = await there.notices.find(id)
  expect(view?.message).toMatchObject({
    subject_pseudonym: subject,
    verification: 'frank',
    distinct_reporters: '1',
    // A room of three: the day is all that is told.
    time_bucket: new Date().toISOString().slice(0, 10),
  })
  expect(JSON.stringify(view)).not.toMatch(/insult|please look|b\.example/)
  expect(JSON.stringify(view)).not.toContain(room)

  const socket = ['--socket', home().config().listeners.admin.socket]
  const answered = await runCli([
    'notices',
    'answer',
    id,
    'actioned',
    '--action',
    'warning',
    ...socket,
  ])
  expect(answered).toMatchObject({ exitCode: 0, stderr: '' })
  await until(async () => (await stateOf(id)) === 'actioned')
  const at = ['--socket', hub().config().listeners.admin.socket]
  const card = await runCli(['peers', 'scorecard', ...at])
  expect(card.stdout).toMatch(/c\.example {2}sent 1: in time 1, .*acted on 100 %/)
  const list = await runCli(['notices', 'list', '--peer', 'c.example', ...at])
  expect(list.stdout).toContain(`${id}  notice   to c.example  actioned`)
  const shown = await runCli(['notices', 'show', id, '--json', ...at])
  expect(JSON.parse(shown.stdout)).toMatchObject({ sent: { actionClass: 'warning' } })
  const retracted = await runCli(['notices', 'retract', id, ...at])
  expect(retracted.stdout).toContain('retracted')
  await until(async () => (await there.notices.find(id))?.received?.state === 'withdrawn')
})

test('what routing does not let go is not sent, and the sanction says so', async () => {
  const notify = { kind: 'notify', provider: 'c.example', participant: subject }
  const statement = { statementRef: 'dec-2', notice: 'statement' }
  const { state, note } = await order({ ...notify, ...statement, reason: 'violence' })
  expect([state, note]).toEqual(['failed', 'not-routed'])
})

test('reports route says where a report would go and why, and sends nothing', async () => {
  await using here = control(hub())
  const before = (await here.notices.list(page)).sent.length
  const { reports } = await here.listReports({ after: undefined, limit: 1 })
  const socket = ['--socket', hub().config().listeners.admin.socket]
  const route = (...options: string[]) =>
    runCli(['reports', 'route', reports[0]?.id ?? '', ...options, ...socket])
  expect((await route()).stdout).toMatch(
    /deny {3}notice {4}sender-provider {4}c\.example {2}no policy permits it/,
  )
  expect((await route('--decided')).stdout).toMatch(
    /allow {2}notice {4}sender-provider {4}c\.example {2}decided/,
  )
  expect((await here.notices.list(page)).sent).toHaveLength(before)
  expect(await runCli(['reports', 'route', 'rep-nothing', ...socket])).toMatchObject({
    exitCode: 1,
    stderr: 'no such report\n',
  })
})

test('reports route reads what the case has decided, until that is taken back', async () => {
  await using here = control(hub())
  const { reports } = await here.listReports({ after: undefined, limit: 1 })
  const report = reports[0]?.id ?? ''
  const socket = ['--socket', hub().config().listeners.admin.socket]
  const asked = async (...args: string[]) => {
    const { stdout, stderr } = await runCli([...args, ...socket])
    expect(stderr).toBe('')
    return stdout
  }
  const found = await asked('cases', 'list', '--as', 'ann', '--json')
  const { cases } = JSON.parse(found) as { readonly cases: readonly { readonly id: string }[] }
  const id = cases[0]?.id ?? ''
  await asked('cases', 'claim', id, '--as', 'ann')
  const form = ['--outcome', 'action', '--category', 'harassment', '--facts', 'Insults.']
  const ground = ['--terms', '4', '--why', 'No insults.', '--limit', '10:7']
  await asked('cases', 'decide', id, '--as', 'ann', '--mfa', ...form, ...ground)
  const decided = await asked('reports', 'route', report)
  expect(decided).toContain('its case was decided')
  expect(decided).toMatch(/allow {2}notice {4}sender-provider {4}c\.example {2}decided/)
  await asked('cases', 'undo', id, '--as', 'ann', '--mfa')
  expect(await asked('reports', 'route', report)).toMatch(
    /deny {3}notice {4}sender-provider {4}c\.example {2}no policy permits it/,
  )
})

const ask = (query: string) => callInternal(hub(), `/internal/v1/reports/anonymity-set?${query}`)

test('a reporter’s app is told among how many people a report hides its reporter', async () => {
  const known = await ask(`room=${encodeURIComponent(room)}&provider=b.example`)
  expect(JSON.parse(known.bytes.toString())).toEqual({
    room,
    provider: 'b.example',
    people: 1,
    small: true,
  })
  expect((await ask('room=mimi://a.example/r/nowhere&provider=b.example')).code).toBe(
    'room-unknown',
  )
  expect((await ask('provider=b.example')).code).toBe('malformed-request')
  expect((await ask(`room=${encodeURIComponent(room)}&provider=_`)).code).toBe('invalid-domain')
})

interface Posted {
  readonly body: Buffer
  readonly identity: TlsIdentity
  readonly from: string
  readonly method?: string
}

/** One request at the hub's path for notices; its status, and the code of its problem. */
function post({ body, identity, from, method = 'POST' }: Posted): Promise<[number, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<[number, string]>()
  const request = httpsRequest({
    host: '127.0.0.1',
    port: Number(new URL(hub().gateway.urls.peers).port),
    servername: 'a.example',
    method,
    path: '/moderation-notices',
    headers: { host: 'a.example', from: `mimi@${from}`, 'content-length': body.length },
    cert: identity.certificate,
    key: identity.key,
    ca: [...identity.authorities],
    agent: false,
  })
  request.on('error', reject)
  request.on('response', (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const code = /"code":"([a-z-]+)"/.exec(text)?.[1] ?? ''
      resolve([response.statusCode ?? 0, code])
    })
  })
  request.end(body)
  return promise
}

test('the path takes signed notices of peers and nothing else', async () => {
  const { identity } = home()
  const from = 'c.example'
  const body = Buffer.from('user-supplied-canary')
  expect(await post({ body, identity, from })).toEqual([400, 'malformed-body'])
  expect(await post({ body, identity, from, method: 'GET' })).toEqual([405, 'method-not-allowed'])
  expect(await post({ body, identity, from: 'b.example' })).toEqual([403, 'from-mismatch'])
  expect(await post({ body: Buffer.alloc(65_537), identity, from })).toEqual([
    413,
    'body-too-large',
  ])
  const stranger = await clubhouse().federation.stranger('d.example')
  expect(await post({ body, identity: stranger, from: 'd.example' })).toEqual([403, 'peer-unknown'])
  expect(hub().log()).not.toContain('user-supplied-canary')
})

test('a peer that floods is limited, and others are not', async () => {
  const { identity } = clubhouse().federation.provider('b.example')
  const flood = await Promise.all(
    Array.from({ length: 80 }, () => post({ body: Buffer.from('x'), identity, from: 'b.example' })),
  )
  const limited = flood.filter(([status]) => status === 429)
  expect(limited.length).toBeGreaterThan(10)
  const { identity: other } = home()
  const body = Buffer.from('x')
  expect(await post({ body, identity: other, from: 'c.example' })).toEqual([400, 'malformed-body'])
})
