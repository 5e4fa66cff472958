import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { standings, type Standing } from './token-class.ts'

/** What the provider says of whoever asks for tokens. */
export interface Attestation {
  /** The provider's name of the account; forgotten when the answer is out. */
  readonly account: string
  readonly standing: Standing
}

/**
 * Whose `Authorization` value this is. Throws `account-not-authenticated`, and `attester-unavailable`
 * where there is no clear answer: then nobody gets tokens.
 */
export type Attest = (authorization: string, signal: AbortSignal) => Promise<Attestation>

/** Posts octets of JSON to the attester. Throws `attester-unavailable`, `draining`. */
export type AskAttester = (
  question: Buffer,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly bytes: Buffer }>

/** The attester hook of docs/issuer.md. Nothing is remembered from one request to the next. */
export function createAttest(ask: AskAttester): Attest {
  return async (authorization, signal) => {
    const { status, bytes } = await ask(Buffer.from(JSON.stringify({ authorization })), signal)
    if (status === 401 || status === 403) throw new GatewayError('account-not-authenticated')
    const answer = status === 200 ? answerSchema.safeParse(parsed(bytes)) : undefined
    if (answer?.success !== true) throw new GatewayError('attester-unavailable')
    return answer.data
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

const answerSchema = z.strictObject({
  account: z.string().min(1).max(1_024),
  standing: z.enum(standings),
})
