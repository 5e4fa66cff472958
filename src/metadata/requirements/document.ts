import { z } from 'zod'
import { parseProviderDomain } from '../../model/ids.ts'
import { isGrease } from '../suites.ts'
import { privateCodes, privateSuiteSchema } from './private-suite.ts'

// The one place that says what a requirements document is: type, JSON Schema and validator.

/** Octets of a signed document; whoever publishes more is refused. */
export const documentBytesMax = 262_144

/** How far two clocks may differ. */
export const clockSkewSeconds = 300

export const digestSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
  .describe('SHA-256, base64url without padding: 43 characters.')

const point = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
  .describe('32 octets, base64url without padding.')

export const domainSchema = z
  .string()
  .max(253)
  .refine(isDomain, 'not a lower-case domain')
  .describe('A DNS name in lower case.')

export const secondsSchema = z
  .int()
  .min(0)
  .max(253_402_300_799)
  .describe('Seconds since 1970-01-01T00:00:00Z, leap seconds ignored.')

/** RFC 8037 §2: an Ed25519 public key. */
const verificationKey = z
  .strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: point,
    kid: digestSchema.describe('The RFC 7638 thumbprint of the key.'),
    use: z.literal('sig'),
    alg: z.literal('EdDSA'),
  })
  .describe('A public key that may sign the next document.')
export type VerificationKey = Readonly<z.infer<typeof verificationKey>>

const sealingKey = z
  .strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('X25519'),
    x: point,
    kid: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
    use: z.literal('enc'),
  })
  .describe('The public key to which reports are sealed.')

const suiteCodes = z
  .array(z.int().min(1).max(0xffff))
  .max(64)
  .refine(unique, 'a code twice')
  .describe('Codes of suites, the preferred one first. Codes 0x?A?A and unknown ones are ignored.')

const label = /^[a-z0-9][a-z0-9._-]{0,63}$/
const days = z.int().min(0).max(36_525)

/** The payload of a signed requirements document. */
export const documentSchema = z
  .strictObject({
    provider: domainSchema.describe('The provider that speaks.'),
    seq: z
      .int()
      .min(1)
      .max(Number.MAX_SAFE_INTEGER)
      .describe('Rises with every document of the provider.'),
    prev: digestSchema.nullable().describe('Digest of the document before; null in the first one.'),
    issuedAt: secondsSchema.describe('From when it counts, in seconds since 1970.'),
    expiresAt: secondsSchema.describe('Until when it counts, in seconds since 1970.'),
    keys: z
      .strictObject({
        keys: z
          .array(verificationKey)
          .min(1)
          .max(8)
          .refine((keys) => unique(keys.map(({ kid }) => kid)), 'a key twice'),
      })
      .describe('JWK set. The next document is signed by one of these keys.'),
    asHub: suiteCodes.describe(
      'Suites that it offers in rooms of its own, the preferred one first.',
    ),
    asFollower: suiteCodes.describe(
      "Suites that it accepts in other providers' rooms, the preferred one first.",
    ),
    suites: z
      .array(privateSuiteSchema)
      .max(16)
      .refine((suites) => unique(suites.map(({ code }) => code)), 'a code twice')
      .refine((suites) => unique(suites.map(({ name }) => name)), 'a name twice')
      .describe('The tables of the private-use suites that the two lists name.'),
    tokens: z
      .array(
        z.strictObject({
          type: z.int().min(0).max(0xffff).describe('A token type of RFC 9577.'),
          issuer: domainSchema.describe('Who issues the tokens.'),
          class: z
            .enum(['message', 'first-contact'])
            .optional()
            .describe('What these tokens are for; without it: messages.'),
          keys: z
            .array(digestSchema)
            .min(1)
            .max(16)
            .describe("Digests of the issuer's public keys."),
        }),
      )
      .max(32)
      .describe('Privacy Pass tokens that it takes.'),
    reports: z
      .strictObject({
        categories: z
          .array(z.string().regex(label))
          .max(128)
          .refine(unique, 'a category twice')
          .describe('What a report may be about.'),
        sealingKey: sealingKey.nullable(),
        acknowledgeHours: z.int().min(1).max(8_784).describe('Within which a report is confirmed.'),
        decideHours: z.int().min(1).max(8_784).describe('Within which a report is decided.'),
      })
      .nullable()
      .describe('How it takes reports of abuse; null where it takes none.'),
    retention: z
      .strictObject({
        deliveryDays: days.describe('What is kept to deliver: queues, stamps.'),
        moderationDays: days.describe(
          'Reports and what was decided on them, after the last that happened in their case; longer only under appeal or a legal hold.',
        ),
        complianceDays: days.describe("The operator's own journal."),
      })
      .describe('How long it keeps what, at most, whatever suite is in force.'),
    regions: z
      .array(z.string().regex(/^[A-Z]{2,8}$/))
      .max(64)
      .refine(unique, 'a region twice')
      .describe('Where its servers are.'),
    protocolDrafts: z
      .array(z.string().regex(/^[a-z0-9-]{1,80}$/))
      .max(16)
      .refine(unique, 'a draft twice')
      .describe('The protocols that it speaks.'),
    contact: z
      .string()
      .max(512)
      .regex(/^(mailto:|https:\/\/)[!#-;=?-[\]_a-z~]+$/)
      .nullable()
      .describe('Where its operator can be reached: a mailto or https URI.'),
  })
  .refine(({ issuedAt, expiresAt }) => issuedAt < expiresAt, 'expires before it was issued')
  .refine(
    ({ issuedAt, expiresAt }) => expiresAt - issuedAt <= LIFETIME_SECONDS_MAX,
    'lives too long',
  )
  .refine(({ seq, prev }) => (seq === 1 ? prev === null : true), 'the first one has no predecessor')
  .refine(definesWhatItNames, 'a private-use suite is named and not defined')
  .meta({
    title: 'Metadata requirements',
    description: 'Payload of the JWS at /.well-known/mimi-metadata-requirements.',
  })
export type RequirementsDocument = Readonly<z.infer<typeof documentSchema>>

/** The schema as JSON Schema 2020-12: `docs/metadata-requirements.schema.json`. */
export function documentJsonSchema() {
  return z.toJSONSchema(documentSchema)
}

function definesWhatItNames({
  asHub,
  asFollower,
  suites,
}: {
  readonly asHub: readonly number[]
  readonly asFollower: readonly number[]
  readonly suites: readonly { readonly code: number }[]
}): boolean {
  const defined = new Set(suites.map(({ code }) => code))
  return [...asHub, ...asFollower].every((code) => !isPrivate(code) || defined.has(code))
}

function isPrivate(code: number): boolean {
  return code >= privateCodes.min && code <= privateCodes.max && !isGrease(code)
}

function unique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length
}

function isDomain(text: string): boolean {
  try {
    return parseProviderDomain(text) === text
  } catch {
    return false
  }
}

/** 400 days. */
const LIFETIME_SECONDS_MAX = 34_560_000
