import { z } from 'zod'
import { isKeptAsReport, reportsKeptDays } from '../metadata/report-retention.ts'
import {
  builtInNames,
  privateSuiteSchema,
  type PrivateSuite,
} from '../metadata/requirements/private-suite.ts'
import { integer } from './fields.ts'
import type { KeyPath } from './problems.ts'

const suiteList = z
  .array(z.string({ error: expectedOneOf(builtInNames) }), {
    error: 'expected a list of suite names',
  })
  .min(1, 'expected at least one suite')
  .refine((names) => new Set(names).size === names.length, 'expected each suite once')

const ours = `Any of ${builtInNames.join(', ')}, or of \`privateSuites\`.`

export const suitesSchema = z.strictObject({
  asHub: suiteList
    .default(['moderated-pseudonyms'])
    .describe(`Suites that we offer for our own rooms, the preferred one first. ${ours}`),
  asFollower: suiteList
    .default(['moderated-pseudonyms', 'bare-minimum'])
    .describe(
      `Suites that we accept in rooms of the other provider, the preferred one first. ${ours}`,
    ),
})

export const privateSuitesSchema = z
  .array(privateSuiteSchema)
  .max(16, 'expected at most 16 suites')
  .refine((suites) => isUnique(suites.map(({ code }) => code)), 'expected each code once')
  .refine((suites) => isUnique(suites.map(({ name }) => name)), 'expected each name once')
  .refine(
    (suites) => suites.every(statesReports),
    `expected retentionDays of at least ${reportsKeptDays} for what a report shows to the hub`,
  )
  .default([])
  .describe(
    'Suites of our own: code, name, summary, shows, requiresFrank, pseudonymousCredentials, timeBucketMs and entries, as in metadata-requirements.schema.json.',
  )

export const requirementsSchema = z.strictObject({
  requireAgreement: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('Whether a provider without an agreement on metadata is refused.'),
  validDays: integer({ min: 1, max: 365, what: 'days' })
    .default(30)
    .describe('How long our document counts; it is renewed when a third of that is left.'),
  contact: z
    .string()
    .max(512, 'expected at most 512 characters')
    .regex(/^(mailto:|https:\/\/)[!#-;=?-[\]_a-z~]+$/, 'expected a mailto or https URI')
    .optional()
    .describe('Where other operators reach ours.'),
  acknowledgeHours: integer({ min: 1, max: 8_784, what: 'hours' })
    .default(72)
    .describe('Within which we confirm a report.'),
  decideHours: integer({ min: 1, max: 8_784, what: 'hours' })
    .default(336)
    .describe('Within which we decide on a report.'),
})

export const attestedSchema = z.strictObject({
  organisation: z
    .string()
    .min(1)
    .refine((name) => Buffer.byteLength(name) <= 128, 'expected at most 128 octets')
    .optional()
    .describe('The organisation for which they act.'),
  deviceClass: z
    .enum(['managed', 'personal', 'shared', 'service'], {
      error: 'expected one of managed, personal, shared, service',
    })
    .optional()
    .describe('The kind of their devices.'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'expected two upper-case letters, as in ISO 3166-1')
    .optional()
    .describe('Their country.'),
})

interface Named {
  readonly asHub: readonly string[]
  readonly asFollower: readonly string[]
}

/** Suites that a list names and nobody defines. */
export function unknownSuites(
  { asHub, asFollower }: Named,
  path: KeyPath,
  privateNames: readonly string[],
): { path: KeyPath; expected: string }[] {
  const known = [...builtInNames, ...privateNames]
  return Object.entries({ asHub, asFollower }).flatMap(([list, names]) =>
    names.flatMap((name, at) =>
      known.includes(name) ? [] : { path: [...path, list, at], expected: expectedOneOf(known) },
    ),
  )
}

function expectedOneOf(names: readonly string[]): string {
  return `expected one of ${names.join(', ')}`
}

/** Whether it promises no less than what happens to reports. */
function statesReports({ entries }: PrivateSuite): boolean {
  return entries
    .filter(
      ({ field, audience, ceiling }) => ceiling !== 'absent' && isKeptAsReport(field, audience),
    )
    .every(({ retentionDays }) => retentionDays >= reportsKeptDays)
}

function isUnique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length
}
