import { GatewayError } from '../../model/errors.ts'
import type { ModerationQueue, ModeratorRole } from '../../policy/moderation/vocabulary.ts'

/** A member of the moderation team. */
export interface Moderator {
  /** Unique; stands in the log of every case that this person touches. */
  readonly name: string
  readonly roles: readonly ModeratorRole[]
  readonly queues: readonly ModerationQueue[]
  /** BCP 47 tags, for whoever shares out work. */
  readonly languages: readonly string[]
  /** The person's own MIMI URIs: reports about them are kept from this person. */
  readonly accounts: readonly string[]
}

/** Who acts, as the caller vouches for it. */
export interface Actor {
  readonly name: string
  /** Whether a second factor was shown. */
  readonly mfa: boolean
}

/** The member that acts. Throws `moderator-unknown`. */
export function memberOf(team: readonly Moderator[], name: string): Moderator {
  const member = team.find((each) => each.name === name)
  if (member === undefined) throw new GatewayError('moderator-unknown')
  return member
}
