import { EvaluationError, TYPE_ERROR, UnsupportedPolicyError } from './evaluation-error.ts'
import type { Compile, Evaluator } from './evaluator.ts'
import { entityOperators } from './entity-operators.ts'
import { extensionFunction } from './extension-functions.ts'
import { jsonArray, jsonObject, valueFromJson } from './json-values.ts'
import { valueOperators } from './operators.ts'
import { setOf, type CedarValue, type EntityUid } from './values.ts'

/** The entities of a link in place of the slots of its template, `?principal` and `?resource`. */
export type SlotValues = ReadonlyMap<string, EntityUid>

/**
 * An expression in Cedar's JSON form as a closure. Throws `UnsupportedPolicyError` for anything that
 * it does not know; what cannot have a value fails when it is asked, as in Cedar.
 */
export function compileExpression(json: unknown, slots: SlotValues): Evaluator {
  const compile: Compile = (inner) => compileExpression(inner, slots)
  const [entry, ...more] = Object.entries(jsonObject(json))
  if (entry === undefined || more.length > 0) throw new UnsupportedPolicyError('not one operator')
  const [name, operand] = entry
  switch (name) {
    case 'Value':
      return constant(() => valueFromJson(operand))
    case 'Var':
      return variable(operand)
    case 'Slot':
      return slot(operand, slots)
    case 'Set':
      return set(jsonArray(operand), compile)
    case 'Record':
      return record(operand, compile)
    default: {
      const operator = operators.get(name)
      if (operator !== undefined) return operator(jsonObject(operand), compile)
      return call(name, { args: jsonArray(operand), compile })
    }
  }
}

function variable(name: unknown): Evaluator {
  switch (name) {
    case 'principal':
      return ({ principal }) => principal
    case 'action':
      return ({ action }) => action
    case 'resource':
      return ({ resource }) => resource
    case 'context':
      return ({ context }) => context
    default:
      throw new UnsupportedPolicyError('unknown variable')
  }
}

function slot(name: unknown, slots: SlotValues): Evaluator {
  const entity = typeof name === 'string' ? slots.get(name) : undefined
  if (entity === undefined) throw new UnsupportedPolicyError('unfilled slot')
  return () => entity
}

function set(items: readonly unknown[], compile: Compile): Evaluator {
  const evaluators = items.map(compile)
  if (items.every(isLiteral)) return constant(() => setOf(items.map(literalValue)))
  return (request) => setOf(evaluators.map((evaluate) => evaluate(request)))
}

function record(json: unknown, compile: Compile): Evaluator {
  const fields = Object.entries(jsonObject(json)).map(
    ([name, field]) => [name, compile(field)] as const,
  )
  return (request) => ({
    kind: 'record',
    fields: new Map(fields.map(([name, evaluate]) => [name, evaluate(request)])),
  })
}

function call(
  name: string,
  { args, compile }: { readonly args: readonly unknown[]; readonly compile: Compile },
): Evaluator {
  const called = extensionFunction(name)
  if (called === undefined) throw new UnsupportedPolicyError('unknown operator')
  const [first = fails, second = first] = args.map(compile)
  // A wrong number of arguments parses in Cedar, and fails when it is evaluated.
  if (args.length !== called.arity) return fails
  if (args.every(isLiteral)) {
    const values = args.map(literalValue)
    const [one = false, two = one] = values
    return constant(() => called.call(one, two))
  }
  if (called.arity === 1) return (request) => called.call(first(request), false)
  return (request) => called.call(first(request), second(request))
}

/** Evaluated once; a failure is kept for when the value is asked for. */
function constant(evaluate: () => CedarValue): Evaluator {
  try {
    const value = evaluate()
    return () => value
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    return () => {
      throw error
    }
  }
}

function fails(): never {
  throw TYPE_ERROR
}

function isLiteral(json: unknown): boolean {
  return 'Value' in jsonObject(json)
}

function literalValue(json: unknown): CedarValue {
  return valueFromJson(jsonObject(json)['Value'])
}

const operators = new Map([...valueOperators, ...entityOperators])
