import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { costsAttempt } from '../../../src/pipeline/refuse.ts'

test.each(['malformed-body', 'token-invalid', 'sender-proof-invalid', 'pseudonym-denied'] as const)(
  'what the other side brings about costs it an attempt: %s',
  (code) => {
    expect(costsAttempt(new GatewayError(code))).toBe(true)
  },
)

test.each(['epoch-closed', 'store-unavailable', 'upstream-timeout'] as const)(
  'what fails on our side costs nobody an attempt: %s',
  (code) => {
    expect(costsAttempt(new GatewayError(code))).toBe(false)
  },
)

test.each(['rate-limited', 'sender-token-required', 'pseudonyms-exhausted'] as const)(
  'what budgets have paid for costs no attempt: %s',
  (code) => {
    expect(costsAttempt(new GatewayError(code))).toBe(false)
  },
)

test.each([
  ['busy', false],
  ['closed', false],
  ['killed', true],
])(
  'a report that could not be read because the process was %s costs an attempt: %s',
  (reason, costs) => {
    const error = new GatewayError('verifier-unavailable', { facts: { reason } })
    expect(costsAttempt(error)).toBe(costs)
  },
)
