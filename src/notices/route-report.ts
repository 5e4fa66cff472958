import type { RoutingEngine } from '../policy/routing/routing-engine.ts'
import {
  disclosureKinds,
  type AuthorityKind,
  type DisclosureKind,
  type ProviderStanding,
  type RoutedReport,
  type RoutingParty,
} from '../policy/routing/vocabulary.ts'

/** Who a receiver is to a report. */
export type ReceiverRole =
  'hub' | 'reporter-provider' | 'sender-provider' | 'room-moderators' | 'authority'

/** What policies say of one receiver and one thing that it could get. */
export interface Route {
  readonly role: ReceiverRole
  readonly receiver: string
  readonly disclosure: DisclosureKind
  readonly decision: 'allow' | 'deny'
  /** The policies that decided; none where nothing permits it. */
  readonly policies: readonly string[]
}

export interface RoutingFacts {
  readonly report: RoutedReport
  readonly providers: readonly ProviderStanding[]
  readonly legalOrder?: boolean
}

/** Everything that could be sent of a report: to whom, whether it may be, and why. Sends nothing. */
export function routeReport(engine: RoutingEngine, facts: RoutingFacts): readonly Route[] {
  return receiversOf(facts.report).flatMap(({ role, party, kinds }) =>
    kinds.map((disclosure) => ({ role, ...routeTo(engine, facts, { party, disclosure }) })),
  )
}

/** The same for one receiver and one thing. */
export function routeTo(
  engine: RoutingEngine,
  { report, providers, legalOrder = false }: RoutingFacts,
  { party, disclosure }: { readonly party: RoutingParty; readonly disclosure: DisclosureKind },
): Omit<Route, 'role'> {
  const { decision, policies } = engine.decide({
    principal: party,
    disclosure,
    report,
    providers,
    legalOrder,
  })
  return { receiver: nameOf(party), disclosure, decision, policies }
}

interface Receiver {
  readonly role: ReceiverRole
  readonly party: RoutingParty
  readonly kinds: readonly DisclosureKind[]
}

function receiversOf(report: RoutedReport): readonly Receiver[] {
  const team: readonly Receiver[] =
    report.team === undefined
      ? []
      : [
          {
            role: 'room-moderators',
            party: { kind: 'room-moderators', team: report.team },
            kinds: ['notice', 'evidence', 'reporter'],
          },
        ]
  return [
    provider('hub', report.hub),
    provider('reporter-provider', report.reporterProvider),
    provider('sender-provider', report.senderProvider),
    ...team,
    ...AUTHORITIES.map((name): Receiver => ({
      role: 'authority',
      party: { kind: 'authority', name, authority: name },
      kinds: ['evidence', 'reporter', 'counts'],
    })),
  ]
}

function provider(role: ReceiverRole, domain: string): Receiver {
  return { role, party: { kind: 'provider', domain }, kinds: disclosureKinds }
}

function nameOf(party: RoutingParty): string {
  switch (party.kind) {
    case 'provider':
      return party.domain
    case 'room-moderators':
      return party.team
    case 'authority':
      return party.name
  }
}

const AUTHORITIES = ['ncmec', 'police', 'regulator'] as const satisfies readonly AuthorityKind[]
