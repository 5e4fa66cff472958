import { z } from 'zod'
import { operations } from '../../model/exchange.ts'
import { audiences, forms, purposes } from '../../model/metadata.ts'
import { fieldList } from '../fields.ts'

// The one place that says what a metadata label is: type, JSON Schema and validator.

const fieldName = z.enum(fieldList.map(({ name }) => name))
const domain = z.string().max(253)

const labelField = z.strictObject({
  field: fieldName.describe('A field of the registry.'),
  form: z
    .enum(forms)
    .exclude(['absent'])
    .describe('The clearest form in which the recipient can get it.'),
  width: z
    .int()
    .min(1)
    .optional()
    .describe("Width of the bucket in the field's unit; only for numbers in buckets."),
  wireFloor: z.enum(forms).describe('The least form that the protocol can express here.'),
  cause: z
    .enum(['protocol', 'suite', 'policies'])
    .describe(
      '`protocol`: it cannot be shown less. `suite`: the suite requires more than that. `policies`: the suite permits more, and the operator too.',
    ),
  because: z
    .string()
    .optional()
    .describe('Where the protocol is the cause: one sentence that says why.'),
  purposes: z.array(z.enum(purposes)).min(1).describe('What it is shared for.'),
  retentionDays: z
    .int()
    .min(0)
    .describe('How long the recipient may keep it; 0: until the exchange is answered.'),
  enforcement: z
    .array(z.enum(['edited', 'checked', 'attested']))
    .min(1)
    .describe(
      '`edited`: the gateway writes it. `checked`: a client signed it, the gateway takes or refuses it. `attested`: a promise that nobody can check.',
    ),
})

const recipient = z.strictObject({
  audience: z.enum(audiences).describe('As what they see it.'),
  providers: z.array(domain).describe('Who they are; none where only the hub of the room knows.'),
  fields: z.array(labelField).describe('What they get, each field once.'),
  withheld: z.array(fieldName).describe('Every other field of the registry.'),
  refused: z
    .array(
      z.strictObject({
        operation: z.enum(operations),
        code: z.enum(['not-admitted', 'disclosure-refused']),
      }),
    )
    .describe('Operations that do not pass at all, so that nothing is shown in them.'),
})

/** Where things are shared: in rooms of ours, in rooms of another hub, or without a room. */
export const places = ['our-rooms', 'their-rooms', 'outside-rooms'] as const
export type Place = (typeof places)[number]

/** Why nothing passes in some place. */
export const closedCodes = [
  'peer-unknown',
  'peer-denied',
  'suite-unavailable',
  'agreement-stale',
  'agreement-pending',
  'no-common-suite',
] as const

const part = z.strictObject({
  place: z.enum(places),
  suite: z.strictObject({
    code: z.int().min(1).max(0xffff),
    name: z.string(),
    summary: z.string(),
  }),
  agreements: z
    .array(z.string())
    .describe(
      'Of each provider that has one, the id of the newest agreement that names the suite.',
    ),
  recipients: z.array(recipient),
})

/** What is shared of the users of a room, or with another provider. Nothing in it names a user. */
export const labelSchema = z
  .strictObject({
    schema: z.literal(1),
    provider: domain.describe('Whose gateway says so.'),
    about: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('room'),
        room: z.string().max(1_024),
        hub: domain,
      }),
      z.strictObject({ kind: z.literal('peer'), peer: domain }),
    ]),
    parts: z.array(part).describe('One per suite and place; a room has one.'),
    closed: z
      .array(
        z.strictObject({
          place: z.enum(places),
          provider: domain,
          code: z.enum(closedCodes).describe('The code of the refusal, as in docs/errors.md.'),
        }),
      )
      .describe('Where nothing passes, with whom, and why.'),
  })
  .meta({
    title: 'Metadata label',
    description: 'What a room, or an agreement with a provider, shows: to whom, how, for how long.',
  })

export type Label = Readonly<z.infer<typeof labelSchema>>
export type LabelPart = Label['parts'][number]
export type LabelRecipient = LabelPart['recipients'][number]
export type LabelField = LabelRecipient['fields'][number]

/** The schema as JSON Schema 2020-12: `docs/metadata-label.schema.json`. */
export function labelJsonSchema() {
  return z.toJSONSchema(labelSchema)
}
