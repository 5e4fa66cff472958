import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDevelopmentCertificates } from '../../src/cli/development-certificates.ts'
import { controlSocketPath, embeddedDefault, loadConfig } from '../../src/config.ts'
import { ConfigurationError } from '../../src/settings/problems.ts'
import { tempDir } from '../support/temp-dir.ts'

const certificates = mkdtempSync(join(tmpdir(), 'postern-test-'))
afterAll(() => rmSync(certificates, { recursive: true }))
beforeAll(async () => {
  await createDevelopmentCertificates({
    directory: certificates,
    domains: ['a.example', 'b.example'],
    now: Date.now(),
  })
})

/** Writes a configuration with these files; a name without a slash is one of the certificates. */
function write(
  files: Partial<Record<'certificate' | 'key' | 'ca', string | undefined>> = {},
  more: object = {},
): string {
  const { certificate = 'a.example.pem', key = 'a.example.key', ca = 'ca.pem' } = files
  const peers = { certificate: place(certificate), key: place(key), ca: place(ca) }
  const path = join(tempDir(), 'postern.yaml')
  writeFileSync(path, JSON.stringify({ provider: 'a.example', listeners: { peers }, ...more }))
  return path
}

function place(name: string): string {
  return name.includes('/') ? name : join(certificates, name)
}

async function problemsOf(path: string): Promise<readonly string[]> {
  const error: unknown = await loadConfig({ path, env: {} }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConfigurationError)
  return error instanceof ConfigurationError
    ? error.problems.map(({ path: where, expected }) => `${where}: ${expected}`)
    : []
}

test('a good file is read, by its path or by POSTERN_CONFIG', async () => {
  const path = write()
  expect((await loadConfig({ path, env: {} })).provider).toBe('a.example')
  expect((await loadConfig({ env: { POSTERN_CONFIG: path } })).file).toBe(path)
})

test('POSTERN_DATA moves the data directory', async () => {
  const config = await loadConfig({ path: write(), env: { POSTERN_DATA: '/var/lib/x' } })
  expect(config.dataDirectory).toBe('/var/lib/x')
  expect(config.keysDirectory).toBe('/var/lib/x/keys')
})

test('a file that is not there, or huge, is refused', async () => {
  expect(await problemsOf('/nowhere/postern.yaml')).toEqual([
    ': expected a readable file of at most 1048576 octets',
  ])
  const huge = join(tempDir(), 'postern.yaml')
  writeFileSync(huge, '#'.repeat(1_048_577))
  expect(await problemsOf(huge)).toHaveLength(1)
})

test('certificate, key and authority must be readable PEM', async () => {
  const garbage = join(tempDir(), 'garbage.pem')
  writeFileSync(garbage, 'garbage', { mode: 0o600 })
  expect(
    await problemsOf(write({ certificate: garbage, key: garbage, ca: '/nowhere/ca' })),
  ).toEqual([
    'listeners.peers.certificate: expected a readable PEM certificate file',
    'listeners.peers.ca: expected a readable PEM certificate file',
    'listeners.peers.key: expected a readable PEM private key file',
  ])
})

test('the certificate must be ours, and the key its own', async () => {
  expect(await problemsOf(write({ certificate: 'b.example.pem' }))).toEqual([
    'listeners.peers.certificate: expected `provider` among the dNSName SANs of the certificate',
    'listeners.peers.key: expected the private key of the certificate',
  ])
})

test('an expired certificate is refused', async () => {
  const directory = tempDir()
  const now = Date.now() - 500 * 86_400_000
  await createDevelopmentCertificates({ directory, domains: ['a.example'], now })
  const [certificate, key, ca] = ['a.example.pem', 'a.example.key', 'ca.pem'].map((name) =>
    join(directory, name),
  )
  expect(await problemsOf(write({ certificate, key, ca }))).toEqual([
    'listeners.peers.certificate: expected a certificate that has not expired',
  ])
})

test('a key that others can read is refused', async () => {
  const key = join(tempDir(), 'open.key')
  writeFileSync(key, readFileSync(join(certificates, 'a.example.key')))
  chmodSync(key, 0o644)
  expect(await problemsOf(write({ key }))).toEqual([
    'listeners.peers.key: expected a file that others cannot read: mode 0600',
  ])
})

test('a directory of policies must be there', async () => {
  expect(await problemsOf(write({}, { policies: '/nowhere' }))).toEqual([
    'policies: expected the name of a profile or an existing directory',
  ])
  const policies = tempDir()
  const config = await loadConfig({ path: write({}, { policies }), env: {} })
  expect(config.policies).toEqual({ kind: 'directory', path: policies })
})

test('the embedded default works from nothing and keeps what it made', async () => {
  const directory = join(tempDir(), 'data')
  const first = await embeddedDefault(directory)
  const { certificate, key } = first.listeners.peers
  expect(first.provider).toBe('home.example')
  expect(first.file).toBeUndefined()
  expect(first.listeners.peers.host).toBe('127.0.0.1')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  const before = readFileSync(certificate, 'utf8')
  await embeddedDefault(directory)
  expect(readFileSync(certificate, 'utf8')).toBe(before)
})

test('the place of the control socket is found without creating anything', async () => {
  const path = write()
  expect(await controlSocketPath({ path, env: {} })).toBe(join(path, '../data/control.sock'))
  const data = join(tempDir(), 'none')
  mkdirSync(data)
  expect(await controlSocketPath({ env: { POSTERN_DATA: data } })).toBe(join(data, 'control.sock'))
})
