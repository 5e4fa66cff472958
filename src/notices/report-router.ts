import type { ProviderDomain } from '../model/ids.ts'
import type { RoutingEngine } from '../policy/routing/routing-engine.ts'
import type {
  ProviderStanding,
  ReportKind,
  RoutedReport,
  RoutingParty,
} from '../policy/routing/vocabulary.ts'
import type { Store } from '../sqlite/store.ts'
import { anonymitySet } from './anonymity-set.ts'
import { isRestricted } from './category-rules.ts'
import type { Consent } from './consent.ts'
import { domainOf } from './domain-of.ts'
import { reachableModerators } from './reachable-moderators.ts'
import { bestMethod, reportsAbout, type ReportsAbout } from './report-facts.ts'
import { routeReport, routeTo, type Route } from './route-report.ts'
import type { Permission } from './strike-desk.ts'

export interface RouterParts {
  readonly engine: RoutingEngine
  readonly self: ProviderDomain
  readonly store: Store
  /** What we know of a provider. */
  readonly standingOf: (domain: string) => ProviderStanding
  /** Of a room of ours; none of one that is not there. */
  readonly participantsOf: (room: string) => readonly { readonly user: string }[]
  /** Those of them who moderate it. */
  readonly moderatorsOf: (room: string) => readonly string[]
}

/** A stored report, as far as it decides where it goes. */
export interface ReportToRoute {
  readonly id: string
  readonly room: string
  /** The provider that handed it in. */
  readonly provider: string
  readonly subject: string
  readonly category: string
  readonly result: string
  readonly messages: number
  /** How its messages were verified. */
  readonly methods: readonly string[]
  readonly consent: Consent
}

/** What is supposed beside what is known. */
export interface Supposed {
  /** A person has confirmed the category. */
  readonly confirmed: boolean
  readonly decided: boolean
  readonly legalOrder: boolean
}

/** A decision about a participant that its provider could be told of. */
export interface DecisionToRoute {
  readonly room: string
  readonly subject: string
  readonly category: string
  /** Whether a person decided. */
  readonly confirmed: boolean
}

/** What policies say of a notice, and of what was reported. */
export interface NoticePermission extends Permission {
  readonly evidence: Permission
  /** Among how many people the reporter hides. */
  readonly anonymitySet: number
}

/** What policies say of reports and of decisions. Sends nothing. */
export interface ReportRouter {
  /** Everything that could be sent of a report, and why it may or may not be. */
  routesOf(report: ReportToRoute, supposed: Supposed): readonly Route[]
  /** Whether the sender's provider may have a notice of a report, and what was reported with it. */
  noticeOf(report: ReportToRoute): NoticePermission
  /** The same of the moderators of the room, with those of them who may hear of it at all. */
  noticeToModerators(
    report: ReportToRoute,
  ): NoticePermission & { readonly moderators: readonly string[] }
  /** Whether the sender's provider may have one of a decision, with the reports that it rests on. */
  noticeOfDecision(
    decision: DecisionToRoute,
  ): Permission & { readonly about: ReportsAbout; readonly anonymitySet: number }
}

export function createReportRouter(parts: RouterParts): ReportRouter {
  const { engine } = parts
  const facts = (report: RoutedReport, legalOrder = false) => {
    const { hub, senderProvider, reporterProvider, accusedProvider } = report
    const domains = new Set([hub, senderProvider, reporterProvider, accusedProvider ?? hub])
    return { report, providers: [...domains].map((domain) => parts.standingOf(domain)), legalOrder }
  }
  const permission = (
    report: RoutedReport,
    disclosure: 'notice' | 'evidence',
    party: RoutingParty = { kind: 'provider', domain: report.senderProvider },
  ): Permission => {
    const route = routeTo(engine, facts(report), { party, disclosure })
    return { allowed: route.decision === 'allow', policies: route.policies }
  }
  const noticeTo = (given: ReportToRoute, party?: RoutingParty) => {
    const report = routedReport(parts, given, NOTHING_SUPPOSED)
    const evidence = permission(report, 'evidence', party)
    return { ...permission(report, 'notice', party), evidence, anonymitySet: report.anonymitySet }
  }
  return {
    routesOf: (report, supposed) =>
      routeReport(engine, facts(routedReport(parts, report, supposed), supposed.legalOrder)),
    noticeOf: (given) => noticeTo(given),
    noticeToModerators: (given) => ({
      ...noticeTo(given, { kind: 'room-moderators', team: given.room }),
      moderators: moderatorsFor(parts, given),
    }),
    noticeOfDecision: (decision) => {
      const about = reportsAbout(parts.store, decision.room, decision.subject)
      const report = routedDecision(parts, decision, about)
      return { ...permission(report, 'notice'), about, anonymitySet: report.anonymitySet }
    },
  }
}

function routedReport(
  parts: RouterParts,
  report: ReportToRoute,
  { confirmed, decided }: Supposed,
): RoutedReport {
  const { id, category, subject, provider, consent } = report
  const kind = kindOf(category, report.messages)
  const senderProvider = domainOf(subject) ?? parts.self
  return {
    ...routed(parts, { id, category, room: report.room, senderProvider, provider }),
    kind,
    verification: report.result === 'verified' ? bestMethod(new Set(report.methods)) : 'none',
    ...(category === 'system.provider' && { accusedProvider: senderProvider }),
    ...(category === 'system.moderator' && { accusedTeam: report.room }),
    ...(moderatorsFor(parts, report).length > 0 && { team: report.room }),
    consentForward: consent.forward,
    consentEvidence: consent.evidence,
    discloseReporter: consent.disclose,
    humanConfirmed: confirmed,
    decided,
  }
}

/** Whom of the room's moderators a report could reach. */
function moderatorsFor(
  { self, participantsOf, moderatorsOf }: RouterParts,
  { room, subject }: Pick<ReportToRoute, 'room' | 'subject'>,
): readonly string[] {
  const people = { participants: participantsOf(room), moderators: moderatorsOf(room) }
  return reachableModerators(people, { self, subject })
}

/** A decision is told by the hub, as of its own; the smallest set of those who reported hides them. */
function routedDecision(
  parts: RouterParts,
  { room, subject, category, confirmed }: DecisionToRoute,
  about: ReportsAbout,
): RoutedReport {
  const senderProvider = domainOf(subject) ?? parts.self
  const sets = about.providers.map((provider) => ({
    provider,
    people: anonymitySet(room, provider, parts.participantsOf(room)).people,
  }))
  const [smallest] = sets.toSorted((a, b) => a.people - b.people)
  const provider = smallest?.provider ?? parts.self
  return {
    ...routed(parts, { id: 'decision', category, room, senderProvider, provider }),
    kind: 'message',
    verification: about.method,
    consentForward: about.consentForward,
    consentEvidence: false,
    discloseReporter: false,
    humanConfirmed: confirmed,
    decided: true,
  }
}

function routed(
  { self, participantsOf }: RouterParts,
  given: {
    readonly id: string
    readonly category: string
    readonly room: string
    readonly senderProvider: string
    readonly provider: string
  },
) {
  const { id, category, room, senderProvider, provider } = given
  return {
    id,
    category,
    restricted: isRestricted(category),
    hub: self,
    senderProvider,
    reporterProvider: provider,
    anonymitySet: anonymitySet(room, provider, participantsOf(room)).people,
  }
}

function kindOf(category: string, messages: number): ReportKind {
  if (category.startsWith('system.')) return 'system'
  if (category === 'appeal') return 'appeal'
  return messages > 0 ? 'message' : 'user'
}

const NOTHING_SUPPOSED: Supposed = { confirmed: false, decided: false, legalOrder: false }
