import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { closedFiles, readClosedFile, writeClosedFile } from './closed-file.ts'
import { secretBytes } from './key-material.ts'

/** One random key per UTC day, each in a file of its own, so that it can be destroyed alone. */
export interface DayKeyFiles {
  /** The day's key; makes it, durably, when it is not there. Throws `key-unavailable`. */
  ensure(day: number): Promise<KeyObject>
  /** All keys that are still there, by day since the epoch. */
  retained(): ReadonlyMap<number, KeyObject>
  /** Deletes the files of earlier days. What was sealed under them stays closed for good. */
  destroyBefore(day: number): Promise<void>
}

/** Opens the day keys in `directory`. Keep it out of backups. Throws `key-unavailable`. */
export async function loadDayKeys(
  directory: string,
  randomness: Randomness = randomBytes,
): Promise<DayKeyFiles> {
  const keys = new Map<number, KeyObject>()
  const making = new Map<number, Promise<KeyObject>>()
  for (const path of await closedFiles(directory, SUFFIX))
    keys.set(dayOf(path), await readKey(path))

  const make = async (day: number) => {
    try {
      const secret = randomness(secretBytes)
      await writeClosedFile(pathOf(directory, day), secret.toString('hex'))
      const key = createSecretKey(secret)
      keys.set(day, key)
      return key
    } finally {
      making.delete(day)
    }
  }
  return {
    ensure: async (day) => {
      const known = keys.get(day) ?? making.get(day)
      if (known !== undefined) return known
      const made = make(day)
      making.set(day, made)
      return made
    },
    retained: () => keys,
    destroyBefore: async (oldestDay) => {
      for (const day of [...keys.keys()].filter((candidate) => candidate < oldestDay)) {
        keys.delete(day)
        await destroy(pathOf(directory, day))
      }
    },
  }
}

async function readKey(path: string): Promise<KeyObject> {
  const secret = Buffer.from(await readClosedFile(path), 'hex')
  if (secret.length !== secretBytes)
    throw new GatewayError('key-unavailable', { facts: { reason: 'malformed' } })
  return createSecretKey(secret)
}

async function destroy(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (cause) {
    throw new GatewayError('key-unavailable', { facts: { reason: 'unwritable' }, cause })
  }
}

function pathOf(directory: string, day: number): string {
  return join(directory, `${day}${SUFFIX}`)
}

function dayOf(path: string): number {
  const day = Number(basename(path, SUFFIX))
  if (!Number.isSafeInteger(day))
    throw new GatewayError('key-unavailable', { facts: { reason: 'malformed' } })
  return day
}

const SUFFIX = '.day-key'
