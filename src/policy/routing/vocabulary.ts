/** What a receiver can get of a report. */
export const disclosureKinds = ['notice', 'evidence', 'receipt', 'reporter', 'counts'] as const
export type DisclosureKind = (typeof disclosureKinds)[number]

/** What a report can be about. */
export const reportKinds = ['message', 'user', 'room', 'system', 'appeal'] as const
export type ReportKind = (typeof reportKinds)[number]

/** How the reported messages were verified. */
export const verificationMethods = ['frank', 'relay-log', 'mls', 'none'] as const
export type VerificationMethod = (typeof verificationMethods)[number]

/** Authorities that a report can go to. */
export const authorityKinds = ['ncmec', 'police', 'regulator'] as const
export type AuthorityKind = (typeof authorityKinds)[number]

/** What policies know of a provider. */
export interface ProviderStanding {
  readonly domain: string
  /** 0: not known. 1: answers notices. 2: an agreement is signed. 3: the same operator. */
  readonly trust: number
  /** Set by our own operator: it leaks reports, retaliates, or ignores the worst of them. */
  readonly hostile: boolean
  /** It has one user, or its administrator is the reported one. */
  readonly singleUser: boolean
}

/** Who would receive something. */
export type RoutingParty =
  | { readonly kind: 'provider'; readonly domain: string }
  /** The moderators of a room, by a name of theirs. */
  | { readonly kind: 'room-moderators'; readonly team: string }
  | { readonly kind: 'authority'; readonly name: string; readonly authority: AuthorityKind }

/** What policies know of a report; providers by their domains. */
export interface RoutedReport {
  readonly id: string
  readonly kind: ReportKind
  readonly category: string
  /** Whether the category is one that only few may hear of. */
  readonly restricted: boolean
  readonly verification: VerificationMethod
  readonly hub: string
  readonly senderProvider: string
  readonly reporterProvider: string
  /** The provider that a complaint is about. */
  readonly accusedProvider?: string | undefined
  /** The room moderators that it is about. */
  readonly accusedTeam?: string | undefined
  /** The room moderators whom the hub can reach; none where there are none. */
  readonly team?: string | undefined
  /** How many people the receiver could take for the reporter. */
  readonly anonymitySet: number
  /** What the reporter agreed to beyond the hub. */
  readonly consentForward: boolean
  readonly consentEvidence: boolean
  readonly discloseReporter: boolean
  /** Whether a person has confirmed the category. */
  readonly humanConfirmed: boolean
  /** Whether it was decided. */
  readonly decided: boolean
}

export interface RoutingRequest {
  readonly principal: RoutingParty
  readonly disclosure: DisclosureKind
  readonly report: RoutedReport
  /** At least the three providers of the report, and the receiver where it is one. */
  readonly providers: readonly ProviderStanding[]
  /** Whether a court or a law orders it. */
  readonly legalOrder: boolean
}
