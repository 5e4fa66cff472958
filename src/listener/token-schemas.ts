import { z } from 'zod'

/** What a client says when a pseudonym is to be admitted. */
export const pseudonymRequestSchema = z.strictObject({
  provider: z.string().max(253).describe('The domain of the provider whose user comes'),
  publicKey: z
    .string()
    .max(128)
    .describe('SubjectPublicKeyInfo of the P-256 key that the token is bound to, base64url'),
  membership: z
    .string()
    .max(128)
    .optional()
    .describe('MembershipProof: that the pseudonym is of a member of the room, base64url'),
})

/** The JSON bodies of the tokens listener, by the names that its OpenAPI document gives them. */
export const tokenSchemas = {
  PseudonymRequest: pseudonymRequestSchema,
  Pseudonym: z.strictObject({
    pseudonym: z.string().describe('The MIMI URI under which messages are sent'),
    expiresAt: z.int().min(0).describe('Seconds since 1970'),
    remaining: z.int().min(0).describe('How many more the room takes of this provider today'),
  }),
  Health: z.strictObject({ status: z.literal('ok') }),
  Problem: z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
} as const
export type TokenSchemaName = keyof typeof tokenSchemas
