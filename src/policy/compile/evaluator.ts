import type { EvaluationRequest } from './entities.ts'
import { TYPE_ERROR } from './evaluation-error.ts'
import type { CedarSet, CedarValue, EntityUid } from './values.ts'

/** An expression as a function of the request. Throws `EvaluationError` where it has no value. */
export type Evaluator = (request: EvaluationRequest) => CedarValue

/** Compiles an expression in Cedar's JSON form. Throws `UnsupportedPolicyError`. */
export type Compile = (json: unknown) => Evaluator

/** What stands under one operator in Cedar's JSON form. */
export type Operand = Readonly<Record<string, unknown>>

export type OperatorCompiler = (operand: Operand, compile: Compile) => Evaluator

export function asBoolean(value: CedarValue): boolean {
  if (typeof value !== 'boolean') throw TYPE_ERROR
  return value
}

export function asText(value: CedarValue): string {
  if (typeof value !== 'string') throw TYPE_ERROR
  return value
}

export function asEntity(value: CedarValue): EntityUid {
  if (typeof value !== 'object' || value.kind !== 'entity') throw TYPE_ERROR
  return value
}

export function asSet(value: CedarValue): CedarSet {
  if (typeof value !== 'object' || value.kind !== 'set') throw TYPE_ERROR
  return value
}
