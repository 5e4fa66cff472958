import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { message, useClubhouse } from '../../support/clubhouse.ts'
import { openOutsideServer, type OutsideServer } from '../../support/outside-server.ts'
import { runCli } from '../../support/run-cli.ts'
import { until } from '../../support/until.ts'

// The hub a.example tells a webhook of what Bob of b.example reports.
const directory = mkdtempSync(join(tmpdir(), 'postern-webhooks-'))
let server = await openOutsideServer()
const { port, url } = server
const secret = secretFile('one', 1)
const hook = { name: 'desk', url: `${url}/canary-path`, secrets: [secret], privateAddress: true }
const moderation = { team: [{ name: 'ann' }], webhooks: [hook] }
const clubhouse = useClubhouse({ providers: { 'a.example': { extra: { moderation } } } })

const hub = () => clubhouse().federation.provider('a.example')

function secretFile(name: string, octet: number): string {
  const file = join(directory, `${name}.whsec`)
  const text = `whsec_${Buffer.alloc(32, octet).toString('base64')}\n`
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

afterEach(() => {
  server.received.length = 0
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

async function report(text: string): Promise<void> {
  const { bob, cathy } = clubhouse()
  const room = await clubhouse().room()
  await cathy.sendText(room, text)
  const { evidence } = await message(bob, text)
  if (evidence === undefined) throw new Error('no evidence')
  await bob.report(room, [evidence])
}

const numbers = ({ received }: OutsideServer) =>
  received.map(({ json }) => (json['data'] as { readonly number: number }).number)

function postern(...args: string[]) {
  return runCli([...args, '--socket', hub().config().listeners.admin.socket])
}

test('what happens while the receiver is away and the gateway starts anew arrives afterwards, in order', async () => {
  await report('the first')
  await until(() => server.received.length === 2)
  await server[Symbol.asyncDispose]()
  await report('the second')
  await until(async () => (await postern('webhooks', 'list')).stdout.includes('failed'))
  expect((await postern('health')).stdout).toContain('not-taken')
  await hub().stop()
  server = await openOutsideServer({ port })
  await hub().start()
  await report('the third')
  await until(() => server.received.length === 4)
  expect(numbers(server)).toEqual([3, 4, 5, 6])
  expect(server.received.map(({ json }) => json['type'])).toEqual([
    'case.opened',
    'report.received',
    'case.opened',
    'report.received',
  ])
  expect(hub().log()).not.toContain('canary-path')
  expect(hub().log()).not.toContain(String(port))
}, 60_000)

/** Puts another form of the hook in force. */
function reload(changes: object): Promise<unknown> {
  const webhooks = [{ ...hook, ...changes }]
  return hub().gateway.reload(hub().config({ moderation: { ...moderation, webhooks } }))
}

/** How many signatures a body has now. */
async function signatures(): Promise<number> {
  const before = server.received.length
  await postern('webhooks', 'test', 'desk')
  const { headers } = server.received[before] ?? {}
  return String(headers?.['webhook-signature']).split(' ').length
}

test('secrets are rotated by reload, and a bad one changes nothing', async () => {
  expect(await signatures()).toBe(1)
  await reload({ secrets: [secret, secretFile('two', 2)] })
  expect(await signatures()).toBe(2)
  const bad = join(directory, 'bad.whsec')
  writeFileSync(bad, 'no secret', { mode: 0o600 })
  await expect(reload({ secrets: [bad] })).rejects.toMatchObject({ code: 'key-unavailable' })
  const open = secretFile('open', 3)
  chmodSync(open, 0o644)
  await expect(reload({ secrets: [open] })).rejects.toMatchObject({
    facts: { reason: 'readable-by-others' },
  })
  expect(await signatures()).toBe(2)
  await reload({})
  expect(await signatures()).toBe(1)
})
