import type { z } from 'zod'
import { GatewayError } from '../model/errors.ts'

/** What a request to the control socket says. Throws `malformed-request`. */
export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const outcome = schema.safeParse(input)
  if (!outcome.success) throw new GatewayError('malformed-request')
  return outcome.data
}
