import { z } from 'zod'
import { GatewayError } from '../model/errors.ts'
import { parseMimiUri, parseProviderDomain, type UriKind } from '../model/ids.ts'
import { parseSanctionId, type Sanction } from '../model/sanctions.ts'

/**
 * Reads a sanction from JSON, in which it has the very fields of the model. Throws `malformed-request`;
 * nothing of the input is in the error.
 */
export function parseSanction(document: unknown): Sanction {
  const outcome = sanctionSchema.safeParse(document)
  if (!outcome.success)
    throw new GatewayError('malformed-request', { facts: { issues: outcome.error.issues.length } })
  return outcome.data
}

function uri(kind: UriKind) {
  return parsed((text) => parseMimiUri(text, kind))
}

function parsed<T>(parse: (text: string) => T) {
  return z
    .string()
    .max(URI_CHARACTERS_MAX)
    .transform((text, context) => {
      try {
        return parse(text)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        context.addIssue({ code: 'custom', message: error.code })
        return z.NEVER
      }
    })
}

const URI_CHARACTERS_MAX = 1_024
const digest = z.string().regex(/^[0-9a-f]{64}$/)
const timeMs = z.int().min(0)
const id = parsed(parseSanctionId)
const participant = uri('user')
const base = {
  id,
  room: uri('room'),
  issuedAtMs: timeMs,
  reason: z.string().regex(/^[a-z0-9._-]{1,64}$/),
  undoes: id.optional(),
}
const message = { frankingTag: digest.optional(), messageId: digest.optional() }

function namesOne(target: { frankingTag?: unknown; messageId?: unknown }): boolean {
  return target.frankingTag !== undefined || target.messageId !== undefined
}

const toProvider = { provider: parsed(parseProviderDomain), participant }

const sanctionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...base, kind: z.enum(['ban', 'unban']), participant }),
  z.strictObject({
    ...base,
    kind: z.enum(['limit', 'unlimit']),
    participant,
    divisor: z.int().min(2).max(1_000),
    expiresAtMs: timeMs,
  }),
  z.strictObject({
    ...base,
    kind: z.enum(['retract', 'restore']),
    message: z.strictObject(message).refine(namesOne),
  }),
  z.strictObject({
    ...base,
    kind: z.enum(['label', 'unlabel']),
    target: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('participant'), participant }),
      z.strictObject({ kind: z.literal('message'), ...message }).refine(namesOne),
    ]),
    label: z.string().regex(/^[a-z0-9-]{1,32}$/),
    expiresAtMs: timeMs,
  }),
  z.strictObject({
    ...base,
    ...toProvider,
    kind: z.enum(['strike', 'retract-strike']),
    frankingTag: digest,
    severity: z.enum(['low', 'medium', 'high']),
  }),
  z.strictObject({
    ...base,
    ...toProvider,
    kind: z.literal('notify'),
    statementRef: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
    notice: z.enum(['statement', 'withdrawal']),
  }),
])
