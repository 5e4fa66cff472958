import { createHash } from 'node:crypto'
import { conflictsBetween, type Conflict } from './conflicts.ts'
import type { RequirementsDocument } from './requirements/document.ts'
import { documentDigest } from './requirements/signed-document.ts'
import { suiteOfTable } from './requirements/private-suite.ts'
import { canonicalJson } from './requirements/strict-json.ts'
import type { Suite } from './suite.ts'
import type { Suites } from './suites.ts'

/** What two documents have in common, for rooms of `hub` with participants of `follower`. */
export interface Agreement {
  /** SHA-256 over the canonical JSON of parties, suites and document digests; base64url. */
  readonly id: string
  readonly hub: string
  readonly follower: string
  /** Codes in the hub's order of preference; never empty. */
  readonly suites: readonly number[]
  /** Digests of the two documents. */
  readonly hubDocument: string
  readonly followerDocument: string
  /** The earlier expiry of the two documents, in seconds since 1970. */
  readonly expiresAt: number
}

export type Negotiated =
  | { readonly kind: 'agreed'; readonly agreement: Agreement }
  | { readonly kind: 'no-common-suite'; readonly nearest: readonly NearMiss[] }

/** A suite of the hub, the suite of the follower that is closest to it, and what stands between. */
export interface NearMiss {
  /** Code of a suite that the hub offers. */
  readonly suite: number
  /** Code of a suite that the follower accepts. */
  readonly closest: number
  readonly conflicts: readonly Conflict[]
}

/**
 * The suites that a hub offers and a follower accepts, in the hub's order. Pure: the same two documents
 * give the same agreement everywhere. docs/negotiation.md is its specification; `builtIn` serves the
 * near misses only.
 */
export function negotiate(
  hub: RequirementsDocument,
  follower: RequirementsDocument,
  builtIn: Suites,
): Negotiated {
  const suites = commonSuites(hub, follower)
  if (suites.length === 0)
    return { kind: 'no-common-suite', nearest: nearMisses(hub, follower, builtIn) }
  const identity = {
    hub: hub.provider,
    follower: follower.provider,
    suites,
    hubDocument: documentDigest(hub),
    followerDocument: documentDigest(follower),
  }
  const id = createHash('sha256').update(canonicalJson(identity)).digest('base64url')
  const expiresAt = Math.min(hub.expiresAt, follower.expiresAt)
  return { kind: 'agreed', agreement: Object.freeze({ id, ...identity, expiresAt }) }
}

export type RoomChoice =
  | { readonly kind: 'chosen'; readonly suite: number }
  | {
      readonly kind: 'no-common-suite'
      /** Per suite of the hub, in its order: the providers that do not accept it. */
      readonly refused: readonly { readonly suite: number; readonly by: readonly string[] }[]
    }

/**
 * The suite of a room of `hub`: the first of its list that is in its agreement with every provider
 * that participates; without any, the first that it can use at all.
 */
export function chooseForRoom(
  hub: RequirementsDocument,
  participants: readonly RequirementsDocument[],
): RoomChoice {
  const accepted = participants.map(
    (document) => [document.provider, new Set(commonSuites(hub, document))] as const,
  )
  const refused = usableSuites(hub, hub.asHub).map((suite) => ({
    suite,
    by: accepted.filter(([, suites]) => !suites.has(suite)).map(([provider]) => provider),
  }))
  const chosen = refused.find(({ by }) => by.length === 0)
  return chosen === undefined
    ? { kind: 'no-common-suite', refused }
    : { kind: 'chosen', suite: chosen.suite }
}

function commonSuites(hub: RequirementsDocument, follower: RequirementsDocument): number[] {
  const accepted = new Set(usableSuites(follower, follower.asFollower))
  return usableSuites(hub, hub.asHub).filter(
    (code) => accepted.has(code) && tableText(hub, code) === tableText(follower, code),
  )
}

/** Built-in codes and private-use ones with a table; GREASE and unassigned codes fall out. */
function usableSuites({ suites }: RequirementsDocument, codes: readonly number[]): number[] {
  return codes.filter(
    (code) => isBuiltIn(code) || suites.some((candidate) => candidate.code === code),
  )
}

/** Two private-use suites are the same where their tables are, the line for people aside. */
function tableText({ suites }: RequirementsDocument, code: number): string {
  const table = suites.find((candidate) => candidate.code === code)
  return table === undefined ? '' : canonicalJson({ ...table, summary: undefined })
}

function nearMisses(
  hub: RequirementsDocument,
  follower: RequirementsDocument,
  builtIn: Suites,
): readonly NearMiss[] {
  const offered = suitesOfDocument(hub, hub.asHub, builtIn)
  const accepted = suitesOfDocument(follower, follower.asFollower, builtIn)
  return offered
    .flatMap((suite) => closest(suite, accepted) ?? [])
    .toSorted((a, b) => a.conflicts.length - b.conflicts.length)
    .slice(0, NEAREST_MAX)
}

function closest(suite: Suite, accepted: readonly Suite[]): NearMiss | undefined {
  const [nearest] = accepted
    .map((other) => ({
      suite: suite.code,
      closest: other.code,
      conflicts: conflictsBetween(suite, other),
    }))
    .toSorted((a, b) => a.conflicts.length - b.conflicts.length)
  return nearest
}

/** The suites of these codes as a document means them; unusable codes fall out. */
export function suitesOfDocument(
  document: RequirementsDocument,
  codes: readonly number[],
  builtIn: Suites,
): readonly Suite[] {
  return usableSuites(document, codes).flatMap((code): readonly Suite[] => {
    const own = document.suites.find((table) => table.code === code)
    const suite = own === undefined ? builtIn.suiteByCode(code) : suiteOfTable(own)
    return suite === undefined ? [] : [suite]
  })
}

function isBuiltIn(code: number): boolean {
  return code >= 1 && code <= BUILT_IN_MAX
}

/** 0x0001 to 0x0004: `suites.ts`. */
const BUILT_IN_MAX = 4
const NEAREST_MAX = 3
