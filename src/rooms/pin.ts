import { suiteDigest, type Suites } from '../metadata/suites.ts'
import type { Suite } from '../metadata/suite.ts'
import type { ErrorCode } from '../model/errors.ts'
import { metadataRequirementsCodec } from '../wire/mimi/metadata-requirements.ts'
import { componentIds, componentListCodec, type AppDataDictionary } from '../wire/mls/app-data.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import { readerOf, readLeafDictionary } from './leaf-dictionary.ts'
import { refusal } from './refusal.ts'

/** The metadata suite that a room's group agrees on. docs/rooms.md */
export interface Pin {
  /**
   * `strict`: the group lists component 0x8D01 among those that it requires, so every leaf must list
   * the suite. `vouched`: it does not; a provider's agreement stands for leaves that say nothing.
   */
  readonly mode: 'strict' | 'vouched'
  /** The code of the suite. */
  readonly suite: number
  readonly digest: Buffer
}

/** The pin in a group's dictionary; undefined where it has none. Throws `code`. */
export function readPin(dictionary: AppDataDictionary, code: ErrorCode): Pin | undefined {
  const read = readerOf(dictionary, code)
  const requirements = read(componentIds.metadataRequirements, metadataRequirementsCodec)
  if (requirements === undefined) return undefined
  const required = read(componentIds.appComponents, componentListCodec)?.components ?? []
  return {
    mode: required.includes(componentIds.metadataRequirements) ? 'strict' : 'vouched',
    suite: requirements.suite,
    digest: requirements.suiteDigest,
  }
}

/** The suite that a pin names. Throws `suite-unavailable` for one that we do not know, or know otherwise. */
export function pinnedSuite({ suite: code, digest }: Pin, suites: Suites): Suite {
  const suite = suites.suiteByCode(code)
  if (suite === undefined) throw refusal('suite-unavailable', 'pinned-suite')
  if (!suiteDigest(suite).equals(digest)) throw refusal('suite-unavailable', 'suite-digest')
  return suite
}

/** Each of these leaves may be in a room with this pin. Throws `suite-not-met`. */
export function checkPinnedLeaves(pin: Pin, leaves: Iterable<LeafNode>): void {
  for (const leaf of leaves) {
    const objection = pinObjection(pin, readLeafDictionary(leaf, 'suite-not-met').suites)
    if (objection !== undefined) throw refusal('suite-not-met', objection)
  }
}

/** Why a leaf that lists these suites may not be in a room with this pin; undefined: it may. */
export function pinObjection(
  { mode, suite }: Pin,
  listed: readonly number[] | undefined,
): string | undefined {
  if (listed === undefined) return mode === 'strict' ? 'suite-not-said' : undefined
  return listed.includes(suite) ? undefined : 'suite-not-listed'
}

/** Whether a commit leaves the pin as it is. Throws `suite-not-met` where it would weaken it. */
export function keepsPin(before: Pin | undefined, after: Pin | undefined): boolean {
  if (before === undefined) return after === undefined
  // INVARIANT: component 0x8D01 cannot be removed, so a pinned room stays pinned.
  if (after === undefined || (before.mode === 'strict' && after.mode === 'vouched'))
    throw refusal('suite-not-met', 'pin-weakened')
  return (
    before.mode === after.mode && before.suite === after.suite && before.digest.equals(after.digest)
  )
}
