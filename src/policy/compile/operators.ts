import {
  asBoolean,
  asSet,
  type Compile,
  type Evaluator,
  type Operand,
  type OperatorCompiler,
} from './evaluator.ts'
import { add, compare, multiply, negate, subtract } from './longs.ts'
import { hasAll, hasAny, hasItem, sameValue, type CedarValue } from './values.ts'

/** Operators on values alone, by their names in Cedar's JSON form. */
export const valueOperators: readonly (readonly [string, OperatorCompiler])[] = [
  ['!', unary((value) => !asBoolean(value))],
  ['neg', unary(negate)],
  ['isEmpty', unary((value) => asSet(value).items.length === 0)],
  ['==', binary(sameValue)],
  ['!=', binary((left, right) => !sameValue(left, right))],
  ['<', binary((left, right) => compare(left, right) < 0)],
  ['<=', binary((left, right) => compare(left, right) <= 0)],
  ['>', binary((left, right) => compare(left, right) > 0)],
  ['>=', binary((left, right) => compare(left, right) >= 0)],
  ['+', binary(add)],
  ['-', binary(subtract)],
  ['*', binary(multiply)],
  ['contains', binary((set, item) => hasItem(asSet(set), item))],
  ['containsAll', binary((set, other) => hasAll(asSet(set), asSet(other)))],
  ['containsAny', binary((set, other) => hasAny(asSet(set), asSet(other)))],
  ['&&', and],
  ['||', or],
  ['if-then-else', ifThenElse],
]

function unary(apply: (value: CedarValue) => CedarValue): OperatorCompiler {
  return ({ arg }, compile) => {
    const inner = compile(arg)
    return (request) => apply(inner(request))
  }
}

function binary(apply: (left: CedarValue, right: CedarValue) => CedarValue): OperatorCompiler {
  return (operand, compile) => {
    const left = compile(operand['left'])
    const right = compile(operand['right'])
    return (request) => apply(left(request), right(request))
  }
}

function and(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const right = compile(operand['right'])
  return (request) => asBoolean(left(request)) && asBoolean(right(request))
}

function or(operand: Operand, compile: Compile): Evaluator {
  const left = compile(operand['left'])
  const right = compile(operand['right'])
  return (request) => asBoolean(left(request)) || asBoolean(right(request))
}

function ifThenElse(operand: Operand, compile: Compile): Evaluator {
  const condition = compile(operand['if'])
  const consequent = compile(operand['then'])
  const alternative = compile(operand['else'])
  return (request) => (asBoolean(condition(request)) ? consequent(request) : alternative(request))
}
