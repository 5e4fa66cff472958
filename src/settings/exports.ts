import { z } from 'zod'
import { eeaTerritories } from '../exports/territories.ts'
import { oneOf } from './fields.ts'

/** `moderation.abuseDesk` in postern.yaml. */
export const abuseDeskField = z.strictObject({
  organisation: z
    .string({ error: 'expected a name' })
    .regex(/^[\x20-\x7e]{1,200}$/, 'expected at most 200 printable ASCII characters')
    .describe('Who we are.'),
  mail: z
    .string({ error: 'expected a mail address' })
    .regex(
      /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}$/i,
      'expected a mail address',
    )
    .describe('Where others can ask.'),
})

/** `moderation.dsa` in postern.yaml. */
export const dsaField = z.strictObject({
  rooms: z
    .union(
      [
        z.literal('all'),
        z
          .array(z.string().regex(/^mimi:\/\/\S{1,1000}$/, 'expected the URI of a room'))
          .max(10_000, 'expected at most 10000 rooms'),
      ],
      { error: 'expected `all` or a list of rooms' },
    )
    .describe('Rooms that are open to the public: `all`, or a list of their URIs.'),
  territories: z
    .array(oneOf(eeaTerritories))
    .min(1, 'expected at least one territory')
    .describe(
      'Where a decision holds that names no territory: codes of the European Economic Area.',
    ),
  language: z
    .string({ error: 'expected a language' })
    .regex(/^[A-Z]{2}$/, 'expected two upper-case letters')
    .optional()
    .describe('The language of what is said there, ISO 639-1 in upper case.'),
  termsUrl: z
    .url({ protocol: /^https$/, error: 'expected an https URL' })
    .max(500, 'expected at most 500 characters')
    .optional()
    .describe('Where the terms can be read.'),
})
