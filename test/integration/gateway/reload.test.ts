import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { freePorts } from '../../support/federation.ts'
import { callPeer, problemOf, rows, until } from '../../support/gateway-calls.ts'
import type { Prepared } from '../../support/peer-requests.ts'
import { messageBody } from '../../support/raw-requests.ts'

let skippedMs = 0
const clock = () => Date.now() + skippedMs
/** One time for all: a document from too far ahead would be refused. */
const clubhouse = useClubhouse({
  providers: { 'a.example': { clock }, 'b.example': { clock }, 'c.example': { clock } },
})
let room: string

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

const hub = () => clubhouse().federation.provider('a.example')

/** Back to the configuration with which it started, and to full budgets. */
afterEach(async () => {
  await hub().gateway.reload(hub().config())
  await send()
  skippedMs += 60_000
})

/** Puts a configuration with these changes in force. */
const reload = (changes: object) => hub().gateway.reload(hub().config(changes))

function submission(): Prepared {
  const body = messageBody(clubhouse().bob, room)
  return { operation: 'submitMessage', target: room, body }
}

function send() {
  const as = clubhouse().federation.provider('b.example').identity
  return callPeer(hub(), { as, from: 'b.example', ...submission() })
}

/** The peers of postern.yaml, with this of one of them changed. */
function peersWith(domain: string, changes: object): object {
  const { peers } = JSON.parse(hub().text) as { peers: Record<string, object> }
  return { peers: { ...peers, [domain]: { ...peers[domain], ...changes } } }
}

async function policies(name: string, text: string): Promise<string> {
  const directory = join(hub().directory, name)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'policies.cedar'), text)
  return directory
}

const lockdown = `@id("lockdown")
@title("Nothing passes")
@reason("We look for a fault.")
forbid (principal, action, resource);`

test('other policies are in force from the next request on', async () => {
  await reload({ policies: await policies('lockdown', lockdown) })
  const refused = await send()
  expect([refused.status, refused.body.at(-1)]).toEqual([200, NOT_ALLOWED])
  await reload({})
  const accepted = await send()
  expect([accepted.status, accepted.body[1]]).toEqual([200, ACCEPTED])
})

/** SubmitMessageResponse: protocol, then the status code. */
const ACCEPTED = 0
const NOT_ALLOWED = 1

test.for([
  ['do not parse', 'permit (principal, action'],
  ['know no such action', 'permit (principal, action == Action::"admit:everything", resource);'],
  ['name no attribute', 'permit (principal, action, resource) when { principal.mood == "good" };'],
])('policies that %s change nothing, nor does what came with them', async ([name, text]) => {
  const bad = await policies(name ?? '', text ?? '')
  const changes = { policies: bad, ...peersWith('b.example', { allow: false }) }
  await expect(reload(changes)).rejects.toMatchObject({ code: 'policy-invalid' })
  expect((await send()).status).toBe(200)
})

test('policies that are not there change nothing', async () => {
  const missing = join(hub().directory, 'nowhere')
  await expect(reload({ policies: missing })).rejects.toMatchObject({ code: 'policy-invalid' })
  expect((await send()).status).toBe(200)
})

test('a certificate that cannot be read changes nothing', async () => {
  const { listeners } = JSON.parse(hub().text) as { listeners: { peers: object } }
  const peers = { ...listeners.peers, certificate: join(hub().directory, 'none.pem') }
  const changes = { listeners: { ...listeners, peers }, rates: onlyOne }
  await expect(reload(changes)).rejects.toMatchObject({ code: 'configuration-invalid' })
  for (let count = 0; count < 3; count += 1) expect((await send()).status).toBe(200)
})

const onlyOne = { roomSender: { perSecond: 0.001, burst: 1 } }

test('a provider that is denied is not served any more, nor sent anything', async () => {
  await reload(peersWith('b.example', { allow: false }))
  expect(problemOf(await send())).toEqual({ status: 403, code: 'peer-denied' })
  const { alice, cathy } = clubhouse()
  await alice.sendText(room, 'not for Bob')
  await message(cathy, 'not for Bob')
  await until(() => outcomes('notify').includes('peer-denied'))
  await reload({})
  expect((await send()).status).toBe(200)
}, 20_000)

function outcomes(operation: string): readonly string[] {
  const sql = 'SELECT outcome FROM events WHERE operation = ?'
  const events = rows(hub(), 'postern.sqlite')(sql, operation) as readonly { outcome: string }[]
  return events.map(({ outcome }) => outcome)
}

test('a provider that is removed is unknown', async () => {
  const { peers } = JSON.parse(hub().text) as { peers: Record<string, object> }
  const { 'b.example': _, ...others } = peers
  await reload({ peers: others })
  expect(problemOf(await send())).toEqual({ status: 403, code: 'peer-unknown' })
})

test('other rates are in force from the next request on', async () => {
  await reload({ rates: onlyOne })
  await send()
  expect(problemOf(await send())).toEqual({ status: 429, code: 'rate-limited' })
  await reload({})
  await send()
  skippedMs += 1_000
  expect((await send()).status).toBe(200)
})

test('other suites for a provider are in force from the next request on', async () => {
  const suites = { asHub: ['identified'], asFollower: ['moderated-pseudonyms'] }
  await reload(peersWith('b.example', { suites }))
  const refused = await send()
  expect([refused.status, refused.body.at(-1)]).toEqual([200, NOT_ALLOWED])
})

test('a provider is called at its new address', async () => {
  const { bob, cathy, federation } = clubhouse()
  const c = federation.provider('c.example')
  const { listeners } = JSON.parse(c.text) as { listeners: { peers: object } }
  const [port = 0] = await freePorts(1)
  await c.stop()
  await c.start({ listeners: { ...listeners, peers: { ...listeners.peers, port } } })
  await reload(peersWith('c.example', { address: `127.0.0.1:${port}` }))
  await bob.sendText(room, 'to the new address')
  expect((await message(cathy, 'to the new address')).room).toBe(room)
  await c.stop()
  await c.start({ listeners })
}, 20_000)

test('what needs a restart is named and stays as it was', async () => {
  const named = await reload({ ds: { host: '127.0.0.1', port: 1 }, rates: onlyOne })
  expect(named).toEqual(['ds'])
  await send()
  expect(problemOf(await send()).code).toBe('rate-limited')
})
