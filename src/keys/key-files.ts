import { randomBytes, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { closedFiles, readClosedFile, writeClosedFile } from './closed-file.ts'
import { keyObject, keyPurposes, secretBytes, type KeyPurpose } from './key-material.ts'

export type KeyState = 'pending' | 'active' | 'expired'

/** One key. `key` is its private or symmetric half. */
export interface Key {
  readonly purpose: KeyPurpose
  /** 16 hexadecimal digits, random: says nothing about the key. */
  readonly id: string
  readonly activeFromMs: number
  readonly expiresAtMs: number | undefined
  readonly key: KeyObject
}

/** What may be shown of a key. */
export interface KeyListing {
  readonly purpose: KeyPurpose
  readonly id: string
  readonly state: KeyState
  readonly activeFromMs: number
  readonly expiresAtMs: number | undefined
}

/** The keys of a provider, by purpose. */
export interface KeyRing {
  /** The active key; of several, the one that became active last. Throws `key-unavailable`. */
  active(purpose: KeyPurpose): Key
  /** All keys of a purpose, newest first, expired ones included: what they made must stay readable. */
  all(purpose: KeyPurpose): readonly Key[]
  list(): readonly KeyListing[]
  /**
   * Makes a key that takes over at `activeFromMs` (default: now); the active one expires then.
   * Resolves when both are on the disk.
   */
  rotate(purpose: KeyPurpose, activeFromMs?: number): Promise<Key>
}

/**
 * Opens the keys in `directory` (made with mode 0700 when absent) and makes the purposes that have no
 * key. Throws `key-unavailable` with a reason: `readable-by-others`, `malformed`, `unreadable`.
 */
export async function loadKeys(
  directory: string,
  clock: Clock,
  randomness: Randomness = randomBytes,
): Promise<KeyRing> {
  const keys = await readKeys(directory)
  const ring = new FileKeyRing(directory, keys, { clock, randomness })
  for (const purpose of keyPurposes)
    if (!keys.some((key) => key.purpose === purpose)) await ring.rotate(purpose)
  return ring
}

class FileKeyRing implements KeyRing {
  private readonly directory: string
  private readonly clock: Clock
  private readonly randomness: Randomness
  private keys: readonly Key[]

  constructor(
    directory: string,
    keys: readonly Key[],
    { clock, randomness }: { clock: Clock; randomness: Randomness },
  ) {
    this.directory = directory
    this.keys = keys
    this.clock = clock
    this.randomness = randomness
  }

  active(purpose: KeyPurpose): Key {
    const nowMs = this.clock()
    const key = this.all(purpose).find((candidate) => stateAt(candidate, nowMs) === 'active')
    if (key === undefined)
      throw new GatewayError('key-unavailable', { facts: { reason: 'none-active', purpose } })
    return key
  }

  all(purpose: KeyPurpose): readonly Key[] {
    return this.keys
      .filter((key) => key.purpose === purpose)
      .toSorted((a, b) => b.activeFromMs - a.activeFromMs)
  }

  list(): readonly KeyListing[] {
    const nowMs = this.clock()
    return this.keys.map((key) => ({
      purpose: key.purpose,
      id: key.id,
      state: stateAt(key, nowMs),
      activeFromMs: key.activeFromMs,
      expiresAtMs: key.expiresAtMs,
    }))
  }

  async rotate(purpose: KeyPurpose, activeFromMs = this.clock()): Promise<Key> {
    const secret = this.randomness(secretBytes)
    const id = this.randomness(ID_BYTES).toString('hex')
    const key = keyOf({ purpose, id, activeFromMs, secret: secret.toString('base64') })
    await writeKey(this.directory, key, secret)
    // The new key is on the disk before an old one expires: a crash in between leaves two active ones.
    const older = this.keys.filter(
      (other) => other.purpose === purpose && (other.expiresAtMs ?? Infinity) > activeFromMs,
    )
    for (const other of older) await this.expire(other, activeFromMs)
    this.keys = [...this.keys, key]
    return key
  }

  private async expire(key: Key, expiresAtMs: number): Promise<void> {
    const expiring = { ...key, expiresAtMs }
    await writeKey(this.directory, expiring, rawSecret(key.key))
    this.keys = this.keys.map((other) => (other === key ? expiring : other))
  }
}

async function readKeys(directory: string): Promise<readonly Key[]> {
  const files = await closedFiles(directory, SUFFIX)
  return Promise.all(files.map(readKey))
}

async function readKey(path: string): Promise<Key> {
  const text = await readClosedFile(path)
  try {
    return keyOf(keyFile.parse(JSON.parse(text)))
  } catch {
    // Without the cause: a parser's message can quote the file.
    throw new GatewayError('key-unavailable', { facts: { reason: 'malformed' } })
  }
}

function writeKey(directory: string, key: Key, secret: Buffer): Promise<void> {
  const content: KeyFile = {
    purpose: key.purpose,
    id: key.id,
    activeFromMs: key.activeFromMs,
    ...(key.expiresAtMs === undefined ? {} : { expiresAtMs: key.expiresAtMs }),
    secret: secret.toString('base64'),
  }
  const path = join(directory, `${key.purpose}.${key.id}${SUFFIX}`)
  return writeClosedFile(path, `${JSON.stringify(content, null, 2)}\n`)
}

function keyOf({ purpose, id, activeFromMs, expiresAtMs, secret }: KeyFile): Key {
  return {
    purpose,
    id,
    activeFromMs,
    expiresAtMs,
    key: keyObject(purpose, Buffer.from(secret, 'base64')),
  }
}

function rawSecret(key: KeyObject): Buffer {
  if (key.type === 'secret') return key.export()
  return key.export({ format: 'der', type: 'pkcs8' }).subarray(-secretBytes)
}

function stateAt({ activeFromMs, expiresAtMs }: Key, nowMs: number): KeyState {
  if (nowMs < activeFromMs) return 'pending'
  return expiresAtMs !== undefined && nowMs >= expiresAtMs ? 'expired' : 'active'
}

const keyFile = z.strictObject({
  purpose: z.enum(keyPurposes),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  activeFromMs: z.int().nonnegative(),
  expiresAtMs: z.int().nonnegative().optional(),
  secret: z.base64().refine((text) => Buffer.from(text, 'base64').length === secretBytes),
})
type KeyFile = Readonly<z.infer<typeof keyFile>>

const SUFFIX = '.key.json'
const ID_BYTES = 8
