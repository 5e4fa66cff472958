import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { startFederation, type Provider } from '../../support/federation.ts'
import { tempDir } from '../../support/temp-dir.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2027, 0, 1)
const consumer = await readFile('policies/profiles/consumer/policies.cedar', 'utf8')

async function policies(hub: Provider, name: string, text: string): Promise<string> {
  const directory = join(hub.directory, name)
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'policies.cedar'), `${text}\n`)
  return directory
}

/** What `/readyz` says of the policies. */
async function health(hub: Provider): Promise<unknown> {
  const { statusCode, body } = await request(`${hub.gateway.urls.admin}/readyz`)
  const { components } = JSON.parse(await body.text())
  return { status: statusCode, ...components.policies }
}

test('an expired permit is in the health, and its set does not load again', async () => {
  let skippedMs = 0
  const clock = () => Date.now() + skippedMs
  await using federation = await startFederation(tempDir(), [{ domain: 'a.example', clock }])
  const hub = federation.provider('a.example')
  const tomorrow = new Date(clock() + DAY_MS).toISOString().slice(0, 10)
  const guest = `@id("guest") @reason("A trial.") @expires("${tomorrow}")
permit (principal == Peer::"c.example", action in Action::"admit", resource);`
  const ending = hub.config({ policies: await policies(hub, 'ending', `${guest}\n${consumer}`) })

  await hub.gateway.reload(ending)
  expect(await health(hub)).toEqual({ status: 200, state: 'up' })
  skippedMs = DAY_MS
  expect(await health(hub)).toEqual({ status: 200, state: 'degraded', reason: 'policy-expired' })
  await expect(hub.gateway.reload(ending)).rejects.toMatchObject({
    code: 'policy-invalid',
    problems: [expect.stringMatching(/^policies\.cedar:1: expired: /)],
  })
  await hub.gateway.reload(hub.config())
  expect(await health(hub)).toEqual({ status: 200, state: 'up' })
}, 30_000)

test('that the newest policies were refused is known until some load', async () => {
  await using federation = await startFederation(tempDir(), [
    { domain: 'a.example', clock: () => NOW_MS },
  ])
  const hub = federation.provider('a.example')
  const refused = { status: 200, state: 'degraded', reason: 'newest-refused' }
  const broken = hub.config({ policies: await policies(hub, 'broken', 'permit (nobody);') })
  const before = await metrics(hub)

  await expect(hub.gateway.reload(broken)).rejects.toMatchObject({ code: 'policy-invalid' })
  expect(await health(hub)).toEqual(refused)
  const after = await metrics(hub)
  expect(after['postern_policies_loaded_seconds']).toBe(NOW_MS / 1_000)
  expect(after['postern_policies_refused_total']).toBe(
    (before['postern_policies_refused_total'] ?? NaN) + 1,
  )
  // What is wrong with another part of the configuration says nothing of the policies.
  const peers = { ...hub.config().listeners.peers, ca: join(hub.directory, 'none.pem') }
  const elsewhere = { ...hub.config(), listeners: { ...hub.config().listeners, peers } }
  await expect(hub.gateway.reload(elsewhere)).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
  expect(await health(hub)).toEqual(refused)
  await hub.gateway.reload(hub.config())
  expect(await health(hub)).toEqual({ status: 200, state: 'up' })
  await expect(hub.gateway.reload(elsewhere)).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
  expect(await health(hub)).toEqual({ status: 200, state: 'up' })
}, 30_000)

/** Values by name; those of all gateways of this process together. */
async function metrics(hub: Provider): Promise<Readonly<Record<string, number>>> {
  const { body } = await request(`${hub.gateway.urls.admin}/metrics`)
  const lines = (await body.text()).split('\n').filter((line) => !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => [line.split(/[ {]/)[0] ?? '', Number(line.split(' ').at(-1))] as const),
  )
}
