/** Why an expression has no value, as Cedar tells it apart. */
export type EvaluationFault =
  'type' | 'no-attribute' | 'no-tag' | 'no-entity' | 'overflow' | 'extension'

/** An expression has no value. Thrown as the constants below: a stack would cost more than the decision. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError'
  readonly fault: EvaluationFault

  constructor(fault: EvaluationFault) {
    super(fault)
    this.fault = fault
  }
}

export const TYPE_ERROR = new EvaluationError('type')
export const NO_ATTRIBUTE = new EvaluationError('no-attribute')
export const NO_TAG = new EvaluationError('no-tag')
export const NO_ENTITY = new EvaluationError('no-entity')
export const OVERFLOW = new EvaluationError('overflow')
export const EXTENSION_ERROR = new EvaluationError('extension')

/** A policy says something that this evaluator does not know: it must not be guessed at. */
export class UnsupportedPolicyError extends Error {
  override readonly name = 'UnsupportedPolicyError'
}
