import { hash, randomBytes, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { closedFiles, createClosedFile, readClosedFile, writeClosedFile } from './closed-file.ts'
import {
  keyObject,
  keyPurposes,
  keySecret,
  secretBytes,
  secretPurposes,
  type KeyPurpose,
  type IssuerPurpose,
  type SecretPurpose,
} from './key-material.ts'

export type KeyState = 'pending' | 'active' | 'expired'

/** One key. `key` is its private or symmetric half. */
export interface Key {
  readonly purpose: KeyPurpose
  /** 16 hexadecimal digits that say nothing about the key. */
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
  rotate(purpose: SecretPurpose, activeFromMs?: number): Promise<Key>
  /**
   * Keeps one more key of an issuer; durable once it resolves. Where another process has added a key since we
   * read the directory, that one is taken instead: it resolves to whichever is in force.
   */
  add(purpose: IssuerPurpose, made: MadeKey): Promise<Key>
  /** Lets a key end at `expiresAtMs`; durable once it resolves. */
  expire(key: Key, expiresAtMs: number): Promise<void>
}

/** A key that was made elsewhere, and its time. */
export type MadeKey = Pick<Key, 'key' | 'activeFromMs'> & { readonly expiresAtMs: number }

/**
 * Opens the keys in `directory` (made with mode 0700 when absent) and makes the purposes that have no
 * key; an issuer's keys are made by whoever needs them. Throws `key-unavailable` with a reason:
 * `readable-by-others`, `malformed`, `unreadable`.
 */
export async function loadKeys(
  directory: string,
  clock: Clock,
  randomness: Randomness = randomBytes,
): Promise<KeyRing> {
  const keys = await readKeys(directory)
  const ring = new FileKeyRing(directory, keys, { clock, randomness })
  for (const purpose of secretPurposes)
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

  async rotate(purpose: SecretPurpose, activeFromMs = this.clock()): Promise<Key> {
    const secret = this.randomness(secretBytes)
    const id = this.randomness(ID_BYTES).toString('hex')
    const key = keyOf({ purpose, id, activeFromMs, secret: secret.toString('base64') })
    await writeKey(this.directory, key)
    // The new key is on the disk before an old one expires: a crash in between leaves two active ones.
    const older = this.keys.filter(
      (other) => other.purpose === purpose && (other.expiresAtMs ?? Infinity) > activeFromMs,
    )
    for (const other of older) await this.expire(other, activeFromMs)
    this.keys = [...this.keys, key]
    return key
  }

  async add(purpose: IssuerPurpose, made: MadeKey): Promise<Key> {
    const key: Key = { purpose, id: this.nextId(purpose), ...made }
    const path = pathOf(this.directory, key)
    const added = (await createClosedFile(path, textOf(key))) ? key : await readKey(path)
    this.keys = [...this.keys, added]
    return added
  }

  async expire(key: Key, expiresAtMs: number): Promise<void> {
    const expiring = { ...key, expiresAtMs }
    await writeKey(this.directory, expiring)
    this.keys = this.keys.map((other) => (isSame(other, key) ? expiring : other))
  }

  /** INVARIANT: two processes that have read the same files make the same id, and one of them the file. */
  private nextId(purpose: IssuerPurpose): string {
    const taken = new Set(this.all(purpose).map(({ id }) => id))
    let count = taken.size
    while (taken.has(countedId(purpose, count))) count += 1
    return countedId(purpose, count)
  }
}

function countedId(purpose: IssuerPurpose, count: number): string {
  return hash('sha256', `${purpose} ${count}`).slice(0, 2 * ID_BYTES)
}

function isSame(one: Key, other: Key): boolean {
  return one.purpose === other.purpose && one.id === other.id
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

function writeKey(directory: string, key: Key): Promise<void> {
  return writeClosedFile(pathOf(directory, key), textOf(key))
}

function pathOf(directory: string, { purpose, id }: Key): string {
  return join(directory, `${purpose}.${id}${SUFFIX}`)
}

function textOf({ purpose, id, activeFromMs, expiresAtMs, key }: Key): string {
  const content: KeyFile = {
    purpose,
    id,
    activeFromMs,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    secret: keySecret(key).toString('base64'),
  }
  return `${JSON.stringify(content, null, 2)}\n`
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

function stateAt({ activeFromMs, expiresAtMs }: Key, nowMs: number): KeyState {
  if (nowMs < activeFromMs) return 'pending'
  return expiresAtMs !== undefined && nowMs >= expiresAtMs ? 'expired' : 'active'
}

const keyFile = z.strictObject({
  purpose: z.enum(keyPurposes),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  activeFromMs: z.int().nonnegative(),
  expiresAtMs: z.int().nonnegative().optional(),
  secret: z.base64(),
})
type KeyFile = Readonly<z.infer<typeof keyFile>>

const SUFFIX = '.key.json'
const ID_BYTES = 8
