import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import {
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadKeys } from '../../../src/keys/key-files.ts'
import { secretPurposes } from '../../../src/keys/key-material.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('an empty directory gets one active key per purpose, in files that only the owner can read', async () => {
  const directory = join(tempDir(), 'keys')
  const ring = await loadKeys(directory, () => 1_000)
  expect(ring.list().map(({ purpose, state }) => [purpose, state])).toEqual(
    secretPurposes.map((purpose) => [purpose, 'active']),
  )
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  const files = await readdir(directory)
  expect(files).toHaveLength(secretPurposes.length)
  for (const file of files) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600)
})

test('the same keys come back when the directory is opened again', async () => {
  const directory = tempDir()
  const before = await loadKeys(directory, () => 1_000)
  const after = await loadKeys(directory, () => 2_000)
  for (const purpose of secretPurposes) {
    expect(after.active(purpose).id).toBe(before.active(purpose).id)
    expect(after.active(purpose).key.equals(before.active(purpose).key)).toBe(true)
  }
})

test('keys are of the kind that their purpose needs', async () => {
  const ring = await loadKeys(tempDir(), () => 1_000)
  const signing = ring.active('hub-signing').key
  const signature = sign(null, Buffer.from('x'), signing)
  expect(verify(null, Buffer.from('x'), createPublicKey(signing), signature)).toBe(true)
  const sealing = ring.active('report-sealing').key
  expect(diffieHellman({ privateKey: sealing, publicKey: createPublicKey(sealing) })).toHaveLength(
    32,
  )
  expect(ring.active('franking-master').key.symmetricKeySize).toBe(32)
})

test('a rotated key is pending, then active; the one before it expires and stays readable', async () => {
  const directory = tempDir()
  let nowMs = 1_000
  const ring = await loadKeys(directory, () => nowMs)
  const first = ring.active('hub-signing')
  const second = await ring.rotate('hub-signing', 5_000)
  const states = () =>
    ring
      .list()
      .filter(({ purpose }) => purpose === 'hub-signing')
      .map(({ state }) => state)
  expect(ring.active('hub-signing').id).toBe(first.id)
  expect(states()).toEqual(['active', 'pending'])
  nowMs = 5_000
  expect(ring.active('hub-signing').id).toBe(second.id)
  expect(states()).toEqual(['expired', 'active'])
  const reopened = await loadKeys(directory, () => nowMs)
  expect(reopened.all('hub-signing').map(({ id }) => id)).toEqual([second.id, first.id])
  expect(reopened.active('hub-signing').id).toBe(second.id)
})

test.each([0o640, 0o604, 0o620])('a key file of mode %o is refused', async (mode) => {
  const directory = tempDir()
  await loadKeys(directory, () => 1_000)
  const [file = ''] = await readdir(directory)
  await chmod(join(directory, file), mode)
  await expect(loadKeys(directory, () => 1_000)).rejects.toMatchObject({
    code: 'key-unavailable',
    facts: { reason: 'readable-by-others' },
  })
})

test.each([
  ['no JSON', () => '{'],
  ['a field too many', (text: string) => text.replace('{', '{"extra": 1,')],
  [
    'a purpose that does not exist',
    (text: string) => text.replace(/"purpose": "[^"]+"/, '"purpose": "x"'),
  ],
  ['a short secret', (text: string) => text.replace(/"secret": "[^"]+"/, '"secret": "AAAA"')],
])('a key file with %s is refused, and the fault does not quote it', async (_, damage) => {
  const directory = tempDir()
  await loadKeys(directory, () => 1_000)
  const [file = ''] = await readdir(directory)
  const path = join(directory, file)
  const text = await readFile(path, 'utf8')
  await writeFile(path, damage(text))
  const fault: unknown = await loadKeys(directory, () => 1_000).catch((error: unknown) => error)
  expect(fault).toMatchObject({ code: 'key-unavailable', facts: { reason: 'malformed' } })
  expect(fault).not.toHaveProperty('cause')
})

test('randomness is a parameter: the same octets make the same keys', async () => {
  const one = await loadKeys(tempDir(), () => 1_000, sevens)
  const two = await loadKeys(tempDir(), () => 1_000, sevens)
  expect(one.active('report-sealing').key.equals(two.active('report-sealing').key)).toBe(true)
})

function sevens(bytes: number): Buffer {
  return Buffer.alloc(bytes, 7)
}

test('an RSA key has its time from the start, comes back, and is made only where it is asked for', async () => {
  const directory = tempDir()
  const ring = await loadKeys(directory, () => 1_000)
  expect(ring.all('token-issuer-message')).toEqual([])
  const key = rsaKey()
  const added = await ring.add('token-issuer-message', {
    key,
    activeFromMs: 2_000,
    expiresAtMs: 9_000,
  })
  expect(ring.list().at(-1)).toMatchObject({ state: 'pending', id: added.id, expiresAtMs: 9_000 })
  const reopened = await loadKeys(directory, () => 5_000)
  expect(reopened.active('token-issuer-message').key.equals(key)).toBe(true)
  await reopened.expire(added, 5_000)
  const again = await loadKeys(directory, () => 5_000)
  expect(again.all('token-issuer-message')).toMatchObject([{ expiresAtMs: 5_000 }])
  expect(() => again.active('token-issuer-message')).toThrow('key-unavailable')
})

test('of two processes that add a key at once, both have the same one', async () => {
  const directory = tempDir()
  const rings = [await loadKeys(directory, () => 1_000), await loadKeys(directory, () => 1_000)]
  const added = await Promise.all(
    rings.map((ring) =>
      ring.add('token-issuer-message', {
        key: rsaKey(),
        activeFromMs: 1_000,
        expiresAtMs: 9_000,
      }),
    ),
  )
  expect(added[0]?.key.equals(added[1]?.key ?? createSecretKey(Buffer.alloc(32)))).toBe(true)
  const files = (await readdir(directory)).filter((name) => name.startsWith('token-issuer'))
  expect(files).toEqual([expect.stringMatching(/^token-issuer-message\.[0-9a-f]{16}\.key\.json$/)])
})

test('a key is added also after an operator has deleted the files of old ones', async () => {
  const directory = tempDir()
  const ring = await loadKeys(directory, () => 1_000)
  const key = rsaKey()
  const made = { key, activeFromMs: 1_000, expiresAtMs: 9_000 }
  const first = await ring.add('token-issuer-message', made)
  const second = await ring.add('token-issuer-message', made)
  await rm(join(directory, `token-issuer-message.${first.id}.key.json`))
  const reopened = await loadKeys(directory, () => 1_000)
  const third = await reopened.add('token-issuer-message', made)
  expect([first.id, second.id]).not.toContain(third.id)
  expect(reopened.all('token-issuer-message')).toHaveLength(2)
})

test('an RSA key of another size, or a key of another kind, is refused', async () => {
  const directory = tempDir()
  const ring = await loadKeys(directory, () => 1_000)
  for (const key of [rsaKey(1_024), ring.active('hub-signing').key]) {
    const { id } = await ring.add('token-issuer-message', {
      key,
      activeFromMs: 1_000,
      expiresAtMs: 9_000,
    })
    await expect(loadKeys(directory, () => 1_000)).rejects.toMatchObject({
      code: 'key-unavailable',
      facts: { reason: 'malformed' },
    })
    await rm(join(directory, `token-issuer-message.${id}.key.json`))
  }
})

function rsaKey(modulusLength = 2_048): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey
}
