import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readBundle, signBundle } from '../../../src/policy/bundle.ts'
import { startFederation, type Federation } from '../../support/federation.ts'
import { runCli } from '../../support/run-cli.ts'

// Each set of policies is checked in a process of its own, before it is signed and when it is taken.
vi.setConfig({ testTimeout: 60_000 })

const directory = mkdtempSync(join(tmpdir(), 'postern-test-'))
const keyFile = join(directory, 'policies.key')
const signed = join(directory, 'signed')
let policyKey: string
/** What the first signature says. */
let said: string

/** The gateway takes only what the key signed. */
const trusting = (policies: string) => ({ policies, policyKeys: [policyKey] })

async function run(...words: readonly string[]) {
  const result = await runCli(['policy', ...words])
  expect(result).toMatchObject({ exitCode: 0, stderr: '' })
  return result.stdout
}

/** A signed copy of the profile, with a policy of its own. */
async function bundleOf(name: string, revision: number): Promise<string> {
  const copy = join(directory, name)
  await cp('policies/profiles/consumer', copy, { recursive: true })
  const own = `@id("own-${name}") @reason("A test.") forbid (principal, action in Action::"room.description", resource);`
  await writeFile(join(copy, 'own.cedar'), own)
  await run('sign', copy, '--key', keyFile, '--revision', String(revision))
  return copy
}

beforeAll(async () => {
  const [, x = ''] =
    /^policyKeys: \[([A-Za-z0-9_-]{43})\]\n$/.exec(await run('keygen', keyFile)) ?? []
  policyKey = x
  await cp('policies/profiles/consumer', signed, { recursive: true })
  said = await run('sign', signed, '--key', keyFile)
  shared = await federationOf('refusing')
}, 60_000)

afterAll(async () => {
  await shared?.[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

/** For whatever is refused: it stays at revision 1. */
let shared: Federation | undefined

/** A gateway that has taken revision 1. */
async function hubOf(federation: Federation) {
  const hub = federation.provider('a.example')
  await hub.gateway.reload(hub.config(trusting(signed)))
  const { socket } = hub.config().listeners.admin
  const bundle = async (): Promise<unknown> => {
    const { stdout } = await runCli(['policy', 'status', '--json', '--socket', socket])
    return JSON.parse(stdout).sets[0].bundle
  }
  return {
    hub,
    bundle,
    reload: (policies: string) => hub.gateway.reload(hub.config(trusting(policies))),
  }
}

const federationOf = (name: string) =>
  startFederation(join(directory, name), [{ domain: 'a.example' }])

test('signed policies take effect, and their revision only rises', async () => {
  await using federation = await federationOf('rising')
  const { bundle, reload } = await hubOf(federation)
  expect(await bundle()).toBe(1)
  await reload(await bundleOf('third', 3))
  expect(await bundle()).toBe(3)
  const refused = { code: 'policy-invalid', facts: { reason: 'bundle-revision', newest: 3 } }
  await expect(reload(await bundleOf('second', 2))).rejects.toMatchObject(refused)
  await expect(reload(await bundleOf('other', 3))).rejects.toMatchObject(refused)
  expect(await bundle()).toBe(3)
})

test('a reload that fails for another reason takes no revision', async () => {
  await using federation = await federationOf('failing')
  const { hub, bundle, reload } = await hubOf(federation)
  const { listeners } = JSON.parse(hub.text) as { listeners: { peers: object } }
  const peers = { ...listeners.peers, certificate: join(directory, 'none.pem') }
  const changes = { ...trusting(await bundleOf('seventh', 7)), listeners: { ...listeners, peers } }
  await expect(hub.gateway.reload(hub.config(changes))).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
  await reload(signed)
  expect(await bundle()).toBe(1)
})

test('what was taken is remembered by the next process', async () => {
  await using federation = await federationOf('remembering')
  const { hub, reload } = await hubOf(federation)
  await reload(await bundleOf('fifth', 5))
  await hub.stop()
  await hub.start(trusting(join(directory, 'fifth')))
  const refused = { facts: { reason: 'bundle-revision', newest: 5 } }
  await expect(reload(signed)).rejects.toMatchObject(refused)
})

test.for([
  ['an unsigned profile', 'bundle-unsigned', () => Promise.resolve('consumer')],
  ['a directory without a bundle', 'bundle-unsigned', () => altered('bare', async () => {})],
  [
    'another key',
    'wrong-key',
    async () => {
      const other = join(directory, 'other.key')
      await run('keygen', other)
      const copy = await altered('foreign', async () => {})
      await run('sign', copy, '--key', other)
      return copy
    },
  ],
  [
    'a changed policy',
    'bundle-files',
    () =>
      signedThen('changed', async (copy) => {
        const file = join(copy, 'policies.cedar')
        await writeFile(file, `${await readFile(file, 'utf8')}\n`)
      }),
  ],
  [
    'one more file',
    'bundle-files',
    () => signedThen('more', (copy) => writeFile(join(copy, 'z.cedar'), '')),
  ],
  [
    'changed invariants',
    'bundle-files',
    () => signedThen('lax', (copy) => writeFile(join(copy, 'invariants.yaml'), 'invariants: []\n')),
  ],
  [
    'a changed bundle',
    'bad-signature',
    () =>
      signedThen('forged', async (copy) => {
        const file = join(copy, 'bundle.jws')
        const jws = await readFile(file, 'latin1')
        const at = jws.length - 10
        await writeFile(
          file,
          `${jws.slice(0, at)}${jws[at] === 'A' ? 'B' : 'A'}${jws.slice(at + 1)}`,
        )
      }),
  ],
  [
    'a bundle for another version of the schema',
    'bundle-schema',
    () =>
      signedThen('older', async (copy) => {
        const file = join(copy, 'bundle.jws')
        const bundle = readBundle(await readFile(file))
        const key = createPrivateKey(await readFile(keyFile))
        await writeFile(file, signBundle({ ...bundle, schema: 'A'.repeat(43) }, key))
      }),
  ],
  [
    'no bundle at all',
    'bundle-malformed',
    () => signedThen('noise', (copy) => writeFile(join(copy, 'bundle.jws'), 'noise')),
  ],
] as const)('%s is refused', async ([, reason, make]) => {
  if (shared === undefined) throw new Error('not started')
  const { bundle, reload } = await hubOf(shared)
  await expect(reload(await make())).rejects.toMatchObject({
    code: 'policy-invalid',
    facts: { reason },
  })
  expect(await bundle()).toBe(1)
})

async function altered(name: string, alter: (copy: string) => Promise<void>): Promise<string> {
  const copy = join(directory, name)
  await cp('policies/profiles/consumer', copy, { recursive: true })
  await alter(copy)
  return copy
}

async function signedThen(name: string, alter: (copy: string) => Promise<void>): Promise<string> {
  const copy = await altered(name, async () => {})
  await run('sign', copy, '--key', keyFile, '--revision', '9')
  await alter(copy)
  return copy
}

test('the first bundle has revision 1', () => {
  expect(said).toBe(`revision 1, 2 files, signed by ${policyKey}\n`)
})

test('what is not valid is not signed', async () => {
  const copy = await altered('invalid', (at) => writeFile(join(at, 'z.cedar'), 'permit (nobody);'))
  const { exitCode, stderr } = await runCli(['policy', 'sign', copy, '--key', keyFile])
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('not valid')])
  await expect(readFile(join(copy, 'bundle.jws'))).rejects.toThrow('ENOENT')
})

test('a key file is not written over, and no other file is a key', async () => {
  expect((await runCli(['policy', 'keygen', keyFile])).exitCode).toBe(2)
  const noKey = await runCli(['policy', 'sign', signed, '--key', join(signed, 'policies.cedar')])
  expect(noKey.exitCode).toBe(2)
})
