import { z } from 'zod'
import { fieldList } from '../metadata/fields.ts'
import { operations } from '../model/exchange.ts'
import { audiences, forms, purposes, type FieldName } from '../model/metadata.ts'
import { senderTiers } from '../model/sender-tier.ts'
import { peerClasses, policySuites, regions, roomProfiles } from './vocabulary.ts'

/** One value or several; several mean any of them. */
const anyOf = <T extends string>(values: readonly T[]) => {
  const one = z.enum(values, { error: `expected any of ${values.join(', ')}` })
  return z.union([one.transform((value) => [value]), z.array(one).min(1)]).optional()
}
const names = z
  .union([z.string().transform((name) => [name]), z.array(z.string()).min(1)])
  .optional()
const directions = ['ingress', 'egress'] as const
const fieldNames = fieldList.map(({ name }) => name)

/** Where an invariant holds: in every situation in which each fact is one of the values. */
const whenSchema = z.strictObject({
  peer: names,
  class: anyOf(peerClasses),
  region: anyOf(regions),
  agreement: z.boolean().optional(),
  verified: z.boolean().optional(),
  /** The peer is in one of the groups. */
  group: names,
  room: names,
  suite: anyOf(policySuites),
  profile: anyOf(roomProfiles),
  roomRegion: anyOf(regions),
  tenant: names,
  purpose: anyOf(purposes),
  audience: anyOf(audiences),
  direction: anyOf(directions),
  operation: anyOf(operations),
  local: z.boolean().optional(),
  tier: anyOf(senderTiers),
})
export type When = z.infer<typeof whenSchema>

const invariantSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected lower-case letters, digits and hyphens'),
    /** For people: what holds. */
    says: z.string().min(1).max(500),
    /** Fields of the registry. */
    fields: anyOf<FieldName>(fieldNames),
    /** The most exposing form that they may reach. */
    atMost: z.enum(forms).optional(),
    /** The least that they must reach. */
    atLeast: z.enum(forms).optional(),
    /** Operations, instead of fields. */
    admits: anyOf(operations),
    /** Whether they are let in. */
    is: z.enum(['always', 'never']).optional(),
    when: whenSchema.prefault({}),
  })
  .refine(
    ({ fields, atMost, atLeast, admits, is }) =>
      fields === undefined
        ? admits !== undefined && is !== undefined && (atMost ?? atLeast) === undefined
        : admits === undefined && is === undefined && (atMost ?? atLeast) !== undefined,
    { error: 'expected `fields` with `atMost` or `atLeast`, or `admits` with `is`' },
  )

/** `invariants.yaml`: what no change of the policies may break. */
export const invariantsSchema = z.strictObject({
  invariants: z
    .array(invariantSchema)
    .max(1_000)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, {
      error: 'expected each id once',
    }),
})

/** One thing that must hold in every situation that its `when` describes. */
export type Invariant = z.infer<typeof invariantSchema>
