import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { useClubhouse } from '../../support/clubhouse.ts'
import { rows } from '../../support/gateway-calls.ts'
import { runCli } from '../../support/run-cli.ts'

const clubhouse = useClubhouse()
let room: string
const hub = () => clubhouse().federation.provider('a.example')

beforeAll(async () => {
  room = await clubhouse().room()
}, 30_000)

async function policies(name: string, text: string): Promise<string> {
  const directory = join(hub().directory, name)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'policies.cedar'), text)
  return directory
}

const lockdown = `@id("lockdown") @reason("We look for a fault.") forbid (principal, action, resource);`

const consumer = await readFile('policies/profiles/consumer/policies.cedar', 'utf8')
const mute = `${consumer}
@id("mute") @reason("We look for a fault.") forbid (principal, action == Action::"admit:submitMessage", resource);`

/** The answer of a command to the running hub, as JSON. */
async function ask(...words: readonly string[]) {
  const { socket } = hub().config().listeners.admin
  const result = await runCli(['policy', ...words, '--json', '--socket', socket])
  return { ...result, json: result.stdout === '' ? undefined : JSON.parse(result.stdout) }
}

test('policy simulate counts what other policies would have made of the requests so far', async () => {
  await clubhouse().bob.sendText(room, 'counted')
  const same = await ask('simulate', 'consumer')
  expect(same.exitCode).toBe(0)
  expect(same.json).toMatchObject({ more: 0, less: 0, refused: 0, served: 0, changes: [] })
  expect(same.json.requests).toBeGreaterThan(10)
  const none = await ask('simulate', await policies('simulated', lockdown))
  expect(none.json.refused).toBeGreaterThan(10)
  expect(none.json.changes).toContainEqual(
    expect.objectContaining({ field: 'admit:submitMessage', policies: ['lockdown'] }),
  )
  // Nothing took effect.
  expect(await clubhouse().bob.sendText(room, 'still')).toMatchObject({ kind: 'accepted' })
})

test('policies that cannot be read or do not parse are refused, and nothing changes', async () => {
  const broken = await policies('broken', 'permit (principal')
  const [inForce] = (await ask('status')).json.sets
  for (const path of [broken, join(hub().directory, 'nowhere')]) {
    const { exitCode, stderr } = await ask('simulate', path)
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('policy-invalid')])
  }
  expect((await ask('status')).json.sets[0]).toEqual(inForce)
})

test('shadow policies are compared with those in force, and decide nothing', async () => {
  expect((await ask('shadow')).stderr).toContain('not-found')
  const shadowPolicies = await policies('shadow', lockdown)
  await hub().gateway.reload(hub().config({ shadowPolicies }))
  expect(await clubhouse().bob.sendText(room, 'in the light')).toMatchObject({ kind: 'accepted' })
  const { exitCode, json } = await ask('shadow')
  expect(exitCode).toBe(0)
  expect(json.refused).toBeGreaterThan(0)
  await hub().gateway.reload(hub().config())
})

test('a rollback is in force for the next request, and is in the journal', async () => {
  await hub().gateway.reload(hub().config({ policies: await policies('locked', mute) }))
  expect(await clubhouse().bob.sendText(room, 'refused')).toMatchObject({ kind: 'not-allowed' })
  const [locked, before] = (await ask('status')).json.sets
  const { exitCode, json } = await ask('rollback')
  expect(exitCode).toBe(0)
  expect(json.sets.slice(0, 2)).toEqual([before, locked])
  expect(await clubhouse().bob.sendText(room, 'again')).toMatchObject({ kind: 'accepted' })
  const changes = rows(
    hub(),
    'postern.sqlite',
  )("SELECT outcome, request_id FROM events WHERE kind = 'policy.changed' ORDER BY id")
  expect(changes.slice(-2)).toEqual([
    { outcome: 'loaded', request_id: locked.revision },
    { outcome: 'rolled-back', request_id: before.revision },
  ])
  expect((await ask('rollback', 'abcdef')).stderr).toContain('not-found')
  expect((await ask('rollback', 'not-a-revision')).exitCode).toBe(2)
})
