import { z } from 'zod'
import { audiences, compareForms, forms, purposes, type FieldName } from '../../model/metadata.ts'
import { fieldList, fields } from '../fields.ts'
import type { Suite } from '../suite.ts'
import { isGrease } from '../suites.ts'

/** The codes of suites that a provider defines itself. */
export const privateCodes = { min: 0xf000, max: 0xfffe } as const

/** Names of the suites that no document may define anew. */
export const builtInNames: readonly string[] = [
  'bare-minimum',
  'moderated-pseudonyms',
  'identified',
  'compliance',
]

const fieldNames = fieldList.map(({ name }) => name)

const entrySchema = z
  .strictObject({
    field: z.enum(fieldNames).describe('A field of the registry.'),
    audience: z.enum(audiences).describe('Who sees it.'),
    floor: z.enum(forms).describe('The least form in which it is shown.'),
    ceiling: z.enum(forms).describe('The most exposing form in which it may be shown.'),
    width: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .optional()
      .describe("The least width of the bucket, in the field's unit."),
    purposes: z
      .array(z.enum(purposes))
      .min(1)
      .max(purposes.length)
      .describe('For what it is shown; for any other purpose it is forbidden.'),
    retentionDays: z
      .int()
      .min(0)
      .max(36_525)
      .describe('How long the audience may keep it; 0: until the exchange is answered.'),
  })
  .refine(
    ({ floor, ceiling }) => compareForms(floor, ceiling) <= 0,
    'expected a floor that is not above its ceiling',
  )
  .refine(
    ({ field, floor, ceiling }) =>
      [floor, ceiling].every((form) => form === 'absent' || hasForm(field, form)),
    'expected forms that the field has',
  )
  .refine(
    (entry) => new Set(entry.purposes).size === entry.purposes.length,
    'expected each purpose once',
  )

/** A suite of the private-use range, complete: what it does not name it forbids. */
export const privateSuiteSchema = z
  .strictObject({
    code: z
      .int()
      .min(privateCodes.min)
      .max(privateCodes.max)
      .refine((code) => !isGrease(code), 'expected a code that is no GREASE')
      .describe('0xF000 to 0xFFFE, none of the form 0x?A?A.'),
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,62}[a-z0-9]$/)
      .refine((name) => !builtInNames.includes(name), 'expected a name that no built-in suite has')
      .describe('Lower-case letters, digits and hyphens; not the name of a built-in suite.'),
    summary: z.string().min(1).max(280).describe('One line for people; not part of the table.'),
    shows: z
      .enum(['least', 'permitted'])
      .describe('`least`: optional fields too are shown in their least form.'),
    requiresFrank: z.boolean().describe('Whether application messages have to be reportable.'),
    pseudonymousCredentials: z
      .enum(['required', 'optional', 'forbidden'])
      .describe('Whether credentials in rooms have to be pseudonymous.'),
    timeBucketMs: z
      .int()
      .min(1)
      .max(86_400_000)
      .describe('Width of the bucket of message.time; 1 keeps the exact time.'),
    entries: z
      .array(entrySchema)
      .max(fieldList.length * audiences.length)
      .refine(
        (entries) =>
          new Set(entries.map(({ field, audience }) => `${field} ${audience}`)).size ===
          entries.length,
        'expected each field once per audience',
      )
      .describe('At most one per field and audience.'),
  })
  .describe('A suite of the private-use range.')
export type PrivateSuite = Readonly<z.infer<typeof privateSuiteSchema>>

/** The suite of a table. */
export function suiteOfTable({ entries, ...table }: PrivateSuite): Suite {
  return Object.freeze({
    ...table,
    entries: Object.freeze(
      entries.map((entry) =>
        Object.freeze({
          ...entry,
          width: entry.width,
          purposes: Object.freeze([...entry.purposes]),
        }),
      ),
    ),
  })
}

function hasForm(field: FieldName, form: (typeof forms)[number]): boolean {
  const known: readonly string[] = fields[field].forms
  return known.includes(form)
}
