import { z } from 'zod'
import { coopContents } from '../feeds/coop-content.ts'
import { webhookEvents, type WebhookEvent } from '../feeds/happenings.ts'
import { moderationQueues, type ModerationQueue } from '../policy/moderation/vocabulary.ts'
import { fileField, oneOf } from './fields.ts'

const queuesField = z
  .array(oneOf(moderationQueues))
  .max(moderationQueues.length)
  .optional()
  .describe('Queues that it is told of. Without it: all but `complaints`.')

const privateField = z
  .boolean({ error: 'expected true or false' })
  .default(false)
  .describe(
    'Whether it may be on this machine or in a private network, and spoken to by plain HTTP.',
  )

const urlField = z
  .string({ error: 'expected a URL' })
  .max(2_048, 'expected at most 2048 characters')
  .regex(/^https?:\/\/[^\s/@]+(\/\S*)?$/, 'expected an http or https URL without a user')

const HTTPS_ONLY = 'expected an https URL, or `privateAddress`'

const webhookSchema = z
  .strictObject({
    name: z
      .string({ error: 'expected a name' })
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected a name of lower-case letters, digits and -')
      .refine((name) => name !== 'siem' && name !== 'coop', 'expected another name'),
    url: urlField.describe('Where it is. Stands in no log and in no answer.'),
    secrets: z
      .array(fileField)
      .min(1, 'expected one or two files')
      .max(2, 'expected one or two files')
      .describe('Files of mode 0600 with `whsec_` and Base64; two during a rotation.'),
    events: z
      .array(oneOf(webhookEvents))
      .max(webhookEvents.length)
      .default([...webhookEvents])
      .describe('What it is told.'),
    queues: queuesField,
    privateAddress: privateField,
  })
  .refine(isSecure, { error: HTTPS_ONLY, path: ['url'] })

const siemSchema = z.strictObject({
  file: fileField.describe('JSON lines, appended with mode 0600; `-` is standard output.'),
  queues: queuesField,
})

const coopSchema = z
  .strictObject({
    url: urlField.describe('The Report API: `https://…/api/v1/report`.'),
    apiKey: fileField.describe('File of mode 0600 with its API key.'),
    itemType: typeField().default('mimi-message').describe('Id of the item type of messages.'),
    reporterType: typeField()
      .default('reporter-handle')
      .describe('Id of the user type of reporters.'),
    caseUrl: urlField.describe('Before the id of a case: where moderators find it with us.'),
    content: oneOf(coopContents)
      .default('never')
      .describe(
        'Whether the text of a report goes along: never, where its reporter agreed to it, or always. Never with reports of child safety.',
      ),
    queues: queuesField,
    privateAddress: privateField,
  })
  .refine(isSecure, { error: HTTPS_ONLY, path: ['url'] })

/** The part of `moderation` about who is told of it. */
export const outsideFields = {
  webhooks: z
    .array(webhookSchema)
    .max(16, 'expected at most 16 webhooks')
    .refine(
      (hooks) => new Set(hooks.map(({ name }) => name)).size === hooks.length,
      'expected each name once',
    )
    .default([])
    .describe('Who is told of what happens to cases: docs/webhooks.md.'),
  siem: siemSchema
    .optional()
    .describe('The same for a SIEM, and who opened what: events of OCSF, one a line.'),
  coop: coopSchema.optional().describe('A Coop instance that gets verified reports.'),
}

const outsideSchema = z.object(outsideFields)
type Written = z.infer<typeof outsideSchema>

/** Who is told, with every path absolute. */
export interface OutsideConfig {
  readonly webhooks: readonly WebhookConfig[]
  readonly siem: SiemConfig | undefined
  readonly coop: CoopConfig | undefined
}

export interface WebhookConfig {
  readonly name: string
  readonly url: string
  readonly secrets: readonly string[]
  readonly events: readonly WebhookEvent[]
  readonly queues: readonly ModerationQueue[]
  readonly privateAddress: boolean
}

export interface SiemConfig {
  /** Absolute path; undefined: standard output. */
  readonly file: string | undefined
  readonly queues: readonly ModerationQueue[]
}

export interface CoopConfig extends Omit<z.infer<typeof coopSchema>, 'queues'> {
  readonly queues: readonly ModerationQueue[]
}

export function outsideConfig(
  { webhooks, siem, coop }: Written,
  absolute: (path: string) => string,
): OutsideConfig {
  return {
    webhooks: webhooks.map((hook) => ({
      ...hook,
      queues: queuesOf(hook),
      secrets: hook.secrets.map(absolute),
    })),
    siem: siem && {
      file: siem.file === '-' ? undefined : absolute(siem.file),
      queues: queuesOf(siem),
    },
    coop: coop && { ...coop, queues: queuesOf(coop), apiKey: absolute(coop.apiKey) },
  }
}

/** Complaints only where they are named: whoever is complained about must not learn it. */
function queuesOf({
  queues,
}: {
  readonly queues?: readonly ModerationQueue[] | undefined
}): readonly ModerationQueue[] {
  return queues ?? moderationQueues.filter((queue) => queue !== 'complaints')
}

function isSecure({
  url,
  privateAddress,
}: {
  readonly url: string
  readonly privateAddress: boolean
}): boolean {
  return privateAddress || url.startsWith('https:')
}

function typeField() {
  return z.string({ error: 'expected an id' }).regex(/^\S{1,128}$/, 'expected an id')
}
