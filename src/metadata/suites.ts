import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { FieldDeclaration } from '../model/adapter.ts'
import { bareMinimum } from './bare-minimum.ts'
import { compliance } from './suite-compliance.ts'
import { identified } from './suite-identified.ts'
import { moderatedPseudonyms } from './suite-moderated-pseudonyms.ts'
import type { Suite } from './suite.ts'

/** The suites that a gateway knows. */
export interface Suites {
  /** In the order of their codes, which is the order of their exposure. */
  readonly all: readonly Suite[]
  suiteByName(name: string): Suite | undefined
  /** Undefined for unknown and for GREASE codes. */
  suiteByCode(code: number): Suite | undefined
}

/**
 * The built-in suites, and the operator's own ones; the declarations of the adapters in use make
 * `bare-minimum`.
 */
export function builtInSuites(
  declarations: readonly FieldDeclaration[],
  own: readonly Suite[] = [],
): Suites {
  const all = Object.freeze([
    bareMinimum(declarations),
    moderatedPseudonyms,
    identified,
    compliance,
    ...own.toSorted((a, b) => a.code - b.code),
  ])
  const byName = new Map(all.map((suite) => [suite.name, suite]))
  const byCode = new Map(all.map((suite) => [suite.code, suite]))
  return {
    all,
    suiteByName: (name) => byName.get(name),
    suiteByCode: (code) => byCode.get(code),
  }
}

/** No suites at all: where nothing can be pinned. */
export const noSuites: Suites = {
  all: [],
  suiteByName: () => undefined,
  suiteByCode: () => undefined,
}

/** The suites of a list of codes, in its order; GREASE and unknown codes are ignored. */
export function knownSuites(suites: Suites, codes: readonly number[]): readonly Suite[] {
  return codes.flatMap((code) => suites.suiteByCode(code) ?? [])
}

/** Codes 0x?A?A are sprinkled into lists so that nobody hard-codes them (the idea of RFC 8701). */
export function isGrease(code: number): boolean {
  return (code & 0x0f0f) === 0x0a0a
}

/**
 * SHA-256 over the canonical JSON (RFC 8785) of a suite's table: 32 octets, what a room pins.
 * The summary is prose for people and stays outside.
 */
export function suiteDigest(suite: Suite): Buffer {
  const text = canonicalize({ ...suite, summary: undefined })
  return createHash('sha256')
    .update(text ?? '', 'utf8')
    .digest()
}
