import { z } from 'zod'
import { integer } from './fields.ts'

const expectedUrl = 'expected an http or https URL'

const attesterSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: expectedUrl })
    .optional()
    .describe('Where it is asked, by POST. Without it: the embedded reference delivery service.'),
  deadlineMs: integer({ min: 10, max: 60_000, what: 'milliseconds' })
    .default(2_000)
    .describe('For its answer. Where there is none in time, nobody gets tokens.'),
})

/** What postern.yaml says of the issuer. */
export const issuerSchema = z.strictObject({
  enabled: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('Whether our accounts get tokens from us. Needs `listeners.tokens`.'),
  url: z
    .url({ protocol: /^https$/, error: 'expected an https URL' })
    .optional()
    .describe(
      'Base URL at which clients reach the tokens listener; the directory names `token-request` below it. Without it: relative to the directory.',
    ),
  voprfP384: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe(
      'Whether there are slow tokens of type 0x0001 (P-384) too, for our own users at our own hub whose clients know nothing else: a twentieth of the CPU.',
    ),
  attester: attesterSchema
    .prefault({})
    .describe('The service that knows whose credentials these are, and in which standing.'),
})
