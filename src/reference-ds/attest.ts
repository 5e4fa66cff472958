import { z } from 'zod'
import { authenticate } from './accounts.ts'
import type { DsContext, Standing } from './context.ts'
import { DsProblem } from './problems.ts'

/** What the issuer of tokens is told of an account. docs/issuer.md */
export interface AccountStanding {
  /** All clients of a user are one account. */
  readonly account: string
  readonly standing: Standing
}

/** Answers the attester hook. Throws `malformed-body`, `unauthenticated`. */
export function attestAccount(ctx: DsContext, body: Buffer): AccountStanding {
  const { user } = authenticate(ctx, parseQuestion(body).authorization)
  return { account: user, standing: ctx.standing(user) }
}

function parseQuestion(body: Buffer): z.infer<typeof questionSchema> {
  try {
    return questionSchema.parse(JSON.parse(body.toString('utf8')))
  } catch {
    // Without the cause: a parser's message can quote the credentials.
    throw new DsProblem('malformed-body')
  }
}

const questionSchema = z.strictObject({ authorization: z.string().max(16_384) })
