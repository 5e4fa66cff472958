import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { AuthorityKind, DisclosureKind } from '../policy/routing/vocabulary.ts'
import type { Disclosures } from '../reports/cases/disclosures.ts'
import type { CaseFinding } from '../reports/cases/feedback.ts'
import type { Actor } from '../reports/cases/team.ts'
import type { EvidenceMessage } from '../reports/evidence.ts'
import type { OpeningKeys, ReportDesk, ReportDetail } from '../reports/report-desk.ts'
import type { ReportRouter, ReportToRoute, Supposed } from './report-router.ts'
import { routableReport } from './routable-report.ts'
import type { Route } from './route-report.ts'

export interface HandOverOrder {
  readonly report: string
  readonly authority: AuthorityKind
  /** `confirmed`: a person has confirmed it, as its case says. Anything else names the order of a court or a law. */
  readonly basis: string
}

/** What an authority is given, by the person who asked for it: the gateway sends nothing. */
export interface HandedOver extends HandOverOrder {
  readonly schema: 1
  readonly hub: string
  readonly policies: readonly string[]
  readonly by: string
  readonly handedOverAtMs: number
  readonly receivedAtMs: number
  readonly room: string
  readonly subject: string
  /** With an order, what was reported; else what a person has found. */
  readonly category: string
  /** Who reported and what they wrote, only where policies let the authority know it. */
  readonly reporter?: { readonly uri: string; readonly note: string }
  readonly messages: readonly EvidenceMessage[]
  /** The machine proofs. */
  readonly proofs: readonly unknown[]
}

export interface HandOverParts {
  readonly self: ProviderDomain
  readonly reports: Pick<ReportDesk, 'show'>
  readonly router: Pick<ReportRouter, 'routesOf'>
  readonly disclosures: Pick<Disclosures, 'admit' | 'record'>
  readonly findingOf: (report: string) => CaseFinding
  readonly keys: OpeningKeys
  /** Told whenever somebody opens a sealed report. */
  readonly onOpened: (report: string) => void
}

/**
 * Opens a report once, for whoever hands it to an authority; to whom it goes, on what ground and by which
 * policies is recorded before anything is shown. Throws `not-found`, `moderator-unknown`,
 * `moderation-denied` (by role, or by where reports may go), `key-unavailable`.
 */
export async function handOver(
  parts: HandOverParts,
  actor: Actor,
  order: HandOverOrder,
): Promise<HandedOver> {
  const { self, reports, disclosures, keys, onOpened } = parts
  const { report, authority, basis } = order
  disclosures.admit(actor, report)
  const stored = await reports.show(report)
  if (stored === undefined) throw new GatewayError('not-found')
  const asked = routable(parts, order, stored)
  const routes = routesTo(parts, order, asked)
  const { decision, policies } = routes('evidence')
  if (decision === 'deny')
    throw new GatewayError('moderation-denied', {
      facts: { action: 'hand-over', policies: policies.join(' ') },
    })
  const recorded = await disclosures.record(actor, { report, authority, basis, policies })
  const opened = await reports.show(report, keys)
  onOpened(report)
  if (opened?.evidence === undefined) throw new GatewayError('not-found')
  const { summary, checks, evidence } = opened
  return {
    schema: 1,
    ...order,
    hub: self,
    policies,
    by: recorded.by,
    handedOverAtMs: recorded.atMs,
    receivedAtMs: summary.receivedAtMs,
    room: summary.room,
    subject: evidence.subject,
    category: asked.report.category,
    ...(routes('reporter').decision === 'allow' && {
      reporter: { uri: evidence.reporter, note: evidence.note },
    }),
    messages: evidence.messages,
    proofs: checks.flatMap(({ proof }) => (proof === undefined ? [] : [readProof(proof)])),
  }
}

interface Routable {
  readonly report: ReportToRoute
  readonly supposed: Supposed
}

/** An order does not rest on what a moderator has found, nor a finding on an order or on what was reported. */
function routable(
  { findingOf }: HandOverParts,
  { basis }: HandOverOrder,
  stored: ReportDetail,
): Routable {
  const report = routableReport(stored)
  const { decided, confirmed } = findingOf(report.id)
  if (basis !== 'confirmed')
    return { report, supposed: { decided, confirmed: false, legalOrder: true } }
  // What its proofs contradict, nobody can have confirmed: others in its case were.
  const isConfirmed = confirmed !== undefined && report.result !== 'contradicted'
  const category = confirmed ?? report.category
  const supposed = { decided, confirmed: isConfirmed, legalOrder: false }
  return { report: { ...report, category }, supposed }
}

/** What policies say of one thing for this authority. */
function routesTo(
  { router }: HandOverParts,
  { authority }: HandOverOrder,
  { report, supposed }: Routable,
): (disclosure: DisclosureKind) => Pick<Route, 'decision' | 'policies'> {
  const routes = router.routesOf(report, supposed)
  return (disclosure) =>
    routes.find(
      (route) =>
        route.role === 'authority' &&
        route.receiver === authority &&
        route.disclosure === disclosure,
    ) ?? NOTHING
}

function readProof(text: string): unknown {
  return JSON.parse(text)
}

const NOTHING = { decision: 'deny', policies: [] } as const
