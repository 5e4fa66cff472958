import {
  entityFromJson,
  jsonArray,
  jsonObject,
  markReferences,
  valueFromJson,
} from './json-values.ts'
import type { CedarRecord, CedarValue, EntityUid } from './values.ts'

/** What is known of one entity. */
export interface EntityData {
  readonly attributes: ReadonlyMap<string, CedarValue>
  readonly tags: ReadonlyMap<string, CedarValue>
  /** Keys of all entities that it is in, itself not among them. */
  readonly ancestors: ReadonlySet<string>
}

/** Entities by `EntityUid.key`. */
export interface EntityStore {
  get(key: string): EntityData | undefined
}

/** One question, with all that policies may read. */
export interface EvaluationRequest {
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
  readonly context: CedarRecord
  readonly entities: EntityStore
}

export function isIn(request: EvaluationRequest, inner: EntityUid, outer: EntityUid): boolean {
  if (inner.id === outer.id && inner.type === outer.type) return true
  return request.entities.get(inner.key)?.ancestors.has(outer.key) === true
}

/** Entities in Cedar's JSON form. Throws `EvaluationError`, `UnsupportedPolicyError`. */
export function entitiesFromJson(json: readonly unknown[]): EntityStore {
  const parents = new Map<string, readonly string[]>()
  const listed = json.map((each) => {
    const entity = jsonObject(each)
    const { key } = entityFromJson(entity['uid'])
    const above = jsonArray(entity['parents'] ?? []).map((parent) => entityFromJson(parent).key)
    parents.set(key, above)
    return { key, attributes: valuesOf(entity['attrs']), tags: valuesOf(entity['tags']) }
  })
  return new Map(
    listed.map(({ key, ...known }) => [key, { ...known, ancestors: ancestorsOf(key, parents) }]),
  )
}

function valuesOf(json: unknown): ReadonlyMap<string, CedarValue> {
  return new Map(
    Object.entries(jsonObject(json ?? {})).map(([name, value]) => [
      name,
      valueFromJson(markReferences(value)),
    ]),
  )
}

function ancestorsOf(
  key: string,
  parents: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [key]
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const parent of parents.get(next) ?? []) {
      if (found.has(parent)) continue
      found.add(parent)
      open.push(parent)
    }
  return found
}
