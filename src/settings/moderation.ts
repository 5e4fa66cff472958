import { z } from 'zod'
import {
  moderationQueues,
  moderatorRoles,
  type ModerationQueue,
  type ModeratorRole,
} from '../policy/moderation/vocabulary.ts'
import { dsaField, abuseDeskField } from './exports.ts'
import { fileField, integer, oneOf } from './fields.ts'
import { outsideConfig, outsideFields, type OutsideConfig } from './outside.ts'

const memberSchema = z.strictObject({
  name: z
    .string({ error: 'expected a name' })
    .regex(
      /^[a-z0-9][a-z0-9._-]{0,63}$/,
      'expected a name of lower-case letters, digits, . _ and -',
    )
    .refine((name) => name !== 'gateway' && name !== 'subject', 'expected a name of a person')
    .describe('Stands in the log of every case that this person touches.'),
  roles: z
    .array(oneOf(moderatorRoles))
    .max(moderatorRoles.length)
    .default(['moderator'])
    .describe('What this person may be asked for.'),
  queues: z
    .array(oneOf(moderationQueues))
    .max(moderationQueues.length)
    .optional()
    .describe(
      'Queues that this person works. Without it: all but `complaints`, and `child-safety` only with that role.',
    ),
  languages: z
    .array(z.string().regex(/^[A-Za-z0-9-]{1,35}$/, 'expected a language tag'))
    .max(32, 'expected at most 32 languages')
    .default([])
    .describe('Language tags, for whoever shares out work.'),
  accounts: z
    .array(z.string().regex(/^mimi:\/\/\S{1,1000}$/, 'expected a MIMI URI'))
    .max(16, 'expected at most 16 accounts')
    .default([])
    .describe('The person’s own MIMI URIs: cases about them are hidden from this person.'),
})

/** `moderation` in postern.yaml. */
export const moderationSchema = z.strictObject({
  team: z
    .array(memberSchema)
    .max(1_000, 'expected at most 1000 members')
    .refine(
      (team) => new Set(team.map(({ name }) => name)).size === team.length,
      'expected each name once',
    )
    .default([])
    .describe('Who works on cases. Nobody else may.'),
  leaseMinutes: integer({ min: 1, max: 1_440, what: 'minutes' })
    .default(10)
    .describe('How long a case is held by whoever claims it.'),
  exposuresPerDay: integer({ min: 1, max: 1_000, what: 'a count' })
    .default(40)
    .describe('Cases whose evidence one person may open in 24 hours.'),
  exposuresPerHour: integer({ min: 1, max: 1_000, what: 'a count' })
    .default(10)
    .describe('The same in one hour; then there is a break.'),
  secondPerson: z
    .array(oneOf(['ban', 'limit', 'retract', 'label', 'strike']))
    .max(5)
    .default(['ban', 'retract'])
    .describe('What takes effect only when a second person agrees.'),
  abuseDesk: abuseDeskField
    .optional()
    .describe('Who reports to other providers as XARF or by mail. Without it nobody does.'),
  dsa: dsaField
    .optional()
    .describe(
      'Where the Digital Services Act applies (Regulation (EU) 2022/2065). Without it: nowhere.',
    ),
  policies: fileField
    .optional()
    .describe('Directory of Cedar policies about moderators, instead of those that come with it.'),
  ...outsideFields,
})

type Written = z.infer<typeof moderationSchema>

/** The moderation team and its rules, with every default filled in. */
export interface ModerationConfig
  extends Omit<Written, 'team' | 'policies' | keyof OutsideConfig>, OutsideConfig {
  readonly team: readonly MemberConfig[]
  /** Absolute path. */
  readonly policies: string | undefined
}

export interface MemberConfig {
  readonly name: string
  readonly roles: readonly ModeratorRole[]
  readonly queues: readonly ModerationQueue[]
  readonly languages: readonly string[]
  readonly accounts: readonly string[]
}

export function moderationConfig(
  written: Written,
  absolute: (path: string) => string,
): ModerationConfig {
  const { team, policies } = written
  return {
    ...written,
    ...outsideConfig(written, absolute),
    team: team.map((member) => ({ ...member, queues: member.queues ?? queuesOf(member.roles) })),
    policies: policies === undefined ? undefined : absolute(policies),
  }
}

function queuesOf(roles: readonly ModeratorRole[]): readonly ModerationQueue[] {
  return moderationQueues.filter(
    (queue) =>
      queue !== 'complaints' && (queue !== 'child-safety' || roles.includes('child-safety')),
  )
}
