/** What a member of the moderation team can be. `lead` sees reporters for a purpose and undoes decisions. */
export const moderatorRoles = [
  'moderator',
  'lead',
  'appeals',
  'legal',
  'privacy',
  'child-safety',
] as const
export type ModeratorRole = (typeof moderatorRoles)[number]

/** Where cases wait, by what they are about. */
export const moderationQueues = [
  'spam',
  'harassment',
  'violence',
  'adult',
  'child-safety',
  'danger',
  'terms',
  'other',
  'complaints',
] as const
export type ModerationQueue = (typeof moderationQueues)[number]

/** What can be asked about a case. */
export const moderationActions = [
  'view',
  'claim',
  'viewEvidence',
  'viewForwarded',
  'propose',
  'decide',
  'approve',
  'undo',
  'decideAppeal',
  'viewReporters',
  'setHold',
  'exportCase',
  'deleteEvidence',
] as const
export type ModerationAction = (typeof moderationActions)[number]

/** What can be asked about all cases together: what was counted of them. */
export const countsAction = 'viewCounts'

/** Who asks. */
export interface ModeratorFacts {
  readonly name: string
  readonly roles: readonly ModeratorRole[]
  /** The queues that this person may work. */
  readonly queues: readonly string[]
  /** How often this person may still look at media today. */
  readonly exposuresLeft: number
  readonly onBreak: boolean
}

/** What policies know of a case; people by their names. */
export interface CaseFacts {
  readonly id: string
  readonly queue: string
  readonly childSafety: boolean
  /** Whether what was reported may hold pictures, sound or film. */
  readonly media: boolean
  readonly legalHold: boolean
  /** Whether the decision in question cannot be taken back. */
  readonly irreversible: boolean
  /** Who holds the lease, and only while it runs. */
  readonly holder?: string | undefined
  readonly decider?: string | undefined
  readonly approver?: string | undefined
  /** The moderator that the case is about. */
  readonly accused?: string | undefined
}

export type ModerationRequest = AboutCase | AboutCounts

interface Asked {
  readonly principal: ModeratorFacts
  readonly context: {
    /** Whether the moderator has shown a second factor. */
    readonly mfa: boolean
    /** Why, where a policy asks for it; empty otherwise. */
    readonly purpose: string
  }
}

interface AboutCase extends Asked {
  readonly action: ModerationAction
  readonly resource: CaseFacts
}

interface AboutCounts extends Asked {
  readonly action: typeof countsAction
  readonly resource?: undefined
}
