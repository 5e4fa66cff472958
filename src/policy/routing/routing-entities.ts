import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { RoutedReport, RoutingParty, RoutingRequest } from './vocabulary.ts'

/** What a receiver is called in Cedar. */
export function partyEntity(party: RoutingParty): { readonly type: string; readonly id: string } {
  switch (party.kind) {
    case 'provider':
      return { type: PROVIDER, id: party.domain }
    case 'room-moderators':
      return { type: TEAM, id: party.team }
    case 'authority':
      return { type: 'Authority', id: party.name }
  }
}

/** All entities of a request, in Cedar's JSON form. */
export function routingEntities(request: RoutingRequest): EntityJson[] {
  const { principal, providers, report } = request
  const known: EntityJson[] = providers.map(({ domain, trust, hostile, singleUser }) => ({
    uid: { type: PROVIDER, id: domain },
    attrs: { domain, trust, hostile, singleUser },
    parents: [],
  }))
  return [...known, ...receiver(principal), ofReport(report)]
}

/** Providers are there already. */
function receiver(party: RoutingParty): readonly EntityJson[] {
  if (party.kind === 'provider') return []
  const attrs: Record<string, CedarValueJson> =
    party.kind === 'authority' ? { kind: party.authority } : {}
  return [{ uid: partyEntity(party), attrs, parents: [] }]
}

function ofReport(report: RoutedReport): EntityJson {
  const { id, hub, senderProvider, reporterProvider, accusedProvider, team, accusedTeam } = report
  return {
    uid: { type: 'Report', id },
    attrs: {
      kind: report.kind,
      category: report.category,
      restricted: report.restricted,
      verification: report.verification,
      hub: reference(PROVIDER, hub),
      senderProvider: reference(PROVIDER, senderProvider),
      reporterProvider: reference(PROVIDER, reporterProvider),
      ...(accusedProvider !== undefined && {
        accusedProvider: reference(PROVIDER, accusedProvider),
      }),
      ...(team !== undefined && { team: reference(TEAM, team) }),
      ...(accusedTeam !== undefined && { accusedTeam: reference(TEAM, accusedTeam) }),
      anonymitySet: report.anonymitySet,
      consentForward: report.consentForward,
      consentEvidence: report.consentEvidence,
      discloseReporter: report.discloseReporter,
      humanConfirmed: report.humanConfirmed,
      decided: report.decided,
    },
    parents: [],
  }
}

function reference(type: string, id: string): CedarValueJson {
  return { __entity: { type, id } }
}

const PROVIDER = 'Provider'
const TEAM = 'RoomModerators'
