import {
  createExportDesk,
  type ExportDesk,
  type ExportDeskOptions,
} from '../../src/exports/export-desk.ts'
import type { ExportSettings } from '../../src/exports/settings.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import { createReportRouter } from '../../src/notices/report-router.ts'
import { routingEngine } from '../../src/policy/routing/routing-engine.ts'
import type { Cases } from './cases.ts'
import { routingPolicies } from './routing-policies.ts'

export const hub = parseProviderDomain('hub.example')

export const exportSettings: ExportSettings = {
  abuseDesk: { organisation: 'hub.example trust and safety', mail: 'abuse@hub.example' },
  dsa: { rooms: 'all', territories: ['AT', 'DE'], language: 'DE', termsUrl: undefined },
}

export type ExportDeskChange = Partial<
  Pick<ExportDeskOptions, 'settings' | 'participants' | 'onExported'>
>

/** Exports over a case desk, under the routing policies that come with the gateway. */
export function exportDesk(cases: Cases, change: ExportDeskChange = {}): ExportDesk {
  const { store, desk, time } = cases
  const engine = routingEngine(routingPolicies())
  return createExportDesk({
    self: hub,
    store,
    takingOut: desk.takingOut,
    router: createReportRouter({
      engine,
      self: hub,
      store,
      standingOf,
      participantsOf,
      moderatorsOf: () => [],
    }),
    participants: () => 10,
    settings: exportSettings,
    onExported: () => {},
    clock: () => time.nowMs,
    ...change,
  })
}

function standingOf(domain: string) {
  return { domain, trust: 2, hostile: false, singleUser: false }
}

function participantsOf() {
  return Array.from({ length: 10 }, (_, at) => ({ user: `mimi://c.example/u/${at}` }))
}
