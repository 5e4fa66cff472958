/** Something that the story relies on did not happen: the step fails, and with it the demo. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError'
}

/** Throws `ExpectationError` that says what was expected. */
export function expect(holds: boolean, expectation: string): asserts holds {
  if (!holds) throw new ExpectationError(`expected: ${expectation}`)
}
