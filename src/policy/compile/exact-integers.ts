import { policyToJson, templateToJson, type PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { UnsupportedPolicyError } from './evaluation-error.ts'

/**
 * The JSON form of a policy or template with every integer exact, those beyond 2^53 as bigints:
 * cedar-wasm hands them over as rounded numbers. `json` is what it made of `text`.
 */
export function withExactIntegers(text: string, json: PolicyJson): unknown {
  const literals = [...text.matchAll(TOKENS)].map(([token]) => token).filter(isInteger)
  const large = [...new Set(literals)].filter((digits) => !Number.isSafeInteger(Number(digits)))
  if (large.length === 0) return json
  const taken = new Set(literals.map(Number))
  const standIns = new Map<string, number>()
  let next = FIRST_STAND_IN
  for (const digits of large) {
    while (taken.has(next)) next += 1
    standIns.set(digits, next)
    next += 1
  }
  const readable = text.replaceAll(TOKENS, (token) => String(standIns.get(token) ?? token))
  const parsed = [policyToJson, templateToJson]
    .map((parse) => parse(readable))
    .find((answer) => answer.type === 'success')
  if (parsed?.type !== 'success') throw new UnsupportedPolicyError('not readable')
  return restored(
    parsed.json,
    new Map([...standIns].map(([digits, standIn]) => [standIn, BigInt(digits)])),
  )
}

/** Integers stand nowhere in the JSON form but as values. */
function restored(json: unknown, exact: ReadonlyMap<number, bigint>): unknown {
  if (typeof json === 'number') {
    const value = exact.get(Math.abs(json))
    if (value === undefined) return json
    return json < 0 ? -value : value
  }
  if (Array.isArray(json)) return json.map((item) => restored(item, exact))
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, item]) => [name, restored(item, exact)]),
  )
}

function isInteger(token: string): boolean {
  return /^\d+$/.test(token)
}

/** Comments, strings and words: a number within one of the first two is none. */
const TOKENS = /\/\/[^\n]*|"(?:[^"\\]|\\[^])*"|\w+/g
/** Exact as a number, and rarely in a policy. */
const FIRST_STAND_IN = 7_000_000_000_000_001
