import { TYPE_ERROR, UnsupportedPolicyError } from './evaluation-error.ts'
import { extensionFunction } from './extension-functions.ts'
import { longOf } from './longs.ts'
import { entityUid, setOf, type CedarValue, type EntityUid } from './values.ts'

/** Any JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Throws `UnsupportedPolicyError` unless it is an object. */
export function jsonObject(json: unknown): JsonObject {
  if (!isObject(json)) throw new UnsupportedPolicyError('expected an object')
  return json
}

/** Throws `UnsupportedPolicyError` unless it is a string. */
export function jsonText(json: unknown): string {
  if (typeof json !== 'string') throw new UnsupportedPolicyError('expected a string')
  return json
}

/** Throws `UnsupportedPolicyError` unless it is an array. */
export function jsonArray(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw new UnsupportedPolicyError('expected an array')
  return json
}

/** `{type, id}`, alone or under `__entity`. Throws `UnsupportedPolicyError`. */
export function entityFromJson(json: unknown): EntityUid {
  const object = jsonObject(json)
  const { type, id } = jsonObject(object['__entity'] ?? object)
  return entityUid(jsonText(type), jsonText(id))
}

/**
 * A value as Cedar writes it in JSON; integers beyond 2^53 as bigints.
 * Throws `EvaluationError` and, for integers that were rounded, `UnsupportedPolicyError`.
 */
export function valueFromJson(json: unknown): CedarValue {
  if (typeof json === 'boolean' || typeof json === 'string') return json
  if (typeof json === 'bigint') return longOf(json)
  if (typeof json !== 'number') return compositeFromJson(json)
  if (!Number.isSafeInteger(json)) throw new UnsupportedPolicyError('inexact integer')
  return json
}

/** Where the schema says that a value is an entity, people leave `__entity` away: puts it there. */
export function markReferences(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(markReferences)
  const isReference = isObject(json) && Object.keys(json).toSorted().join(' ') === 'id type'
  return isReference ? { __entity: json } : json
}

function compositeFromJson(json: unknown): CedarValue {
  if (Array.isArray(json)) return setOf(json.map(valueFromJson))
  if (!isObject(json)) throw TYPE_ERROR
  if (json['__entity'] !== undefined) return entityFromJson(json)
  if (json['__extn'] !== undefined) return extensionFromJson(jsonObject(json['__extn']))
  const fields = Object.entries(json).map(([name, field]) => [name, valueFromJson(field)] as const)
  return { kind: 'record', fields: new Map(fields) }
}

function extensionFromJson(json: JsonObject): CedarValue {
  const called = extensionFunction(jsonText(json['fn']))
  const [first, second = first] = jsonArray(json['args'] ?? [json['arg']])
  if (called === undefined) throw new UnsupportedPolicyError('unknown function')
  return called.call(valueFromJson(first), valueFromJson(second))
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null
}
