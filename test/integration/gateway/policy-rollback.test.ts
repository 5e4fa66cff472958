import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startFederation } from '../../support/federation.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

const lockdown = `@id("lockdown") @reason("We look for a fault.") forbid (principal, action, resource);`
const MODERATED_PSEUDONYMS = 2

test('a rollback advertises again what the policies can serve', async () => {
  await using federation = await startFederation(tempDir(), [{ domain: 'a.example' }])
  const hub = federation.provider('a.example')
  const { socket } = hub.config().listeners.admin
  const ask = async (...words: readonly string[]) =>
    JSON.parse((await runCli([...words, '--json', '--socket', socket])).stdout)
  const isOffered = async () =>
    (await ask('requirements', 'show')).asHub.includes(MODERATED_PSEUDONYMS)
  const policies = join(hub.directory, 'locked')
  await mkdir(policies)
  await writeFile(join(policies, 'policies.cedar'), lockdown)

  expect(await isOffered()).toBe(true)
  await hub.gateway.reload(hub.config({ policies }))
  expect(await isOffered()).toBe(false)
  await ask('policy', 'rollback')
  expect(await isOffered()).toBe(true)
})
