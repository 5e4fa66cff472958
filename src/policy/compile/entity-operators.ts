import { isIn, type EntityData, type EvaluationRequest } from './entities.ts'
import { NO_ATTRIBUTE, NO_ENTITY, NO_TAG, TYPE_ERROR } from './evaluation-error.ts'
import {
  asEntity,
  asText,
  type Compile,
  type Evaluator,
  type Operand,
  type OperatorCompiler,
} from './evaluator.ts'
import { jsonArray, jsonObject, jsonText } from './json-values.ts'
import { compilePattern } from './like-pattern.ts'
import type { CedarValue, EntityUid } from './values.ts'

/** Operators that look at entities, records and texts, by their names in Cedar's JSON form. */
export const entityOperators: readonly (readonly [string, OperatorCompiler])[] = [
  ['in', membership],
  ['is', typeTest],
  ['.', access],
  ['has', presence],
  ['hasTag', tagPresence],
  ['getTag', tagAccess],
  ['like', like],
]

function membership(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const right = compile(operand['right'])
  return (request) => {
    const inner = asEntity(left(request))
    return isInAny(request, inner, right(request))
  }
}

function typeTest(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const type = jsonText(operand['entity_type'])
  const outer = operand['in'] === undefined ? undefined : compile(operand['in'])
  return (request) => {
    const entity = asEntity(left(request))
    if (entity.type !== type) return false
    return outer === undefined || isInAny(request, entity, outer(request))
  }
}

function access(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const name = jsonText(operand['attr'])
  if (jsonObject(operand['left'])['Var'] === 'context')
    return ({ context }) => context.fields.get(name) ?? missing()
  return (request) => attributesOf(request, left(request)).get(name) ?? missing()
}

/** Cedar writes `x has a.b` with the names in a list: present only if each step is. */
function presence(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const { attr } = operand
  const names = typeof attr === 'string' ? [attr] : jsonArray(attr).map(jsonText)
  return (request) => {
    let value: CedarValue | undefined = left(request)
    for (const name of names) {
      value = knownAttributes(request, value)?.get(name)
      if (value === undefined) return false
    }
    return true
  }
}

function tagPresence(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const right = compile(operand['right'])
  return (request) => {
    const [owner, tag] = [asEntity(left(request)), asText(right(request))]
    return request.entities.get(owner.key)?.tags.has(tag) === true
  }
}

function tagAccess(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const right = compile(operand['right'])
  return (request) => {
    const [owner, tag] = [asEntity(left(request)), asText(right(request))]
    const value = dataOf(request, owner).tags.get(tag)
    if (value === undefined) throw NO_TAG
    return value
  }
}

function like(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const matches = compilePattern(jsonArray(operand['pattern']))
  return (request) => matches(asText(left(request)))
}

function isInAny(request: EvaluationRequest, inner: EntityUid, outer: CedarValue): boolean {
  if (typeof outer !== 'object') throw TYPE_ERROR
  if (outer.kind === 'entity') return isIn(request, inner, outer)
  if (outer.kind !== 'set') throw TYPE_ERROR
  // One item of another type spoils the whole set, found or not.
  for (const item of outer.items) asEntity(item)
  return outer.items.some((item) => isIn(request, inner, asEntity(item)))
}

function attributesOf(
  request: EvaluationRequest,
  value: CedarValue,
): ReadonlyMap<string, CedarValue> {
  const known = knownAttributes(request, value)
  if (known === undefined) throw NO_ENTITY
  return known
}

/** Undefined for an entity that nothing is known of. */
function knownAttributes(
  request: EvaluationRequest,
  value: CedarValue,
): ReadonlyMap<string, CedarValue> | undefined {
  if (typeof value !== 'object') throw TYPE_ERROR
  if (value.kind === 'record') return value.fields
  if (value.kind !== 'entity') throw TYPE_ERROR
  return request.entities.get(value.key)?.attributes
}

function dataOf(request: EvaluationRequest, entity: EntityUid): EntityData {
  const data = request.entities.get(entity.key)
  if (data === undefined) throw NO_ENTITY
  return data
}

function missing(): never {
  throw NO_ATTRIBUTE
}
