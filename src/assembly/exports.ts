import { createExportDesk, type ExportDesk } from '../exports/export-desk.ts'
import type { ExportSettings } from '../exports/settings.ts'
import { parseMimiUri } from '../model/ids.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import type { Config } from '../settings/config.ts'
import type { ModerationConfig } from '../settings/moderation.ts'
import { safeId } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import type { Notices } from './notices.ts'

export interface ExportParts {
  readonly config: Pick<Config, 'provider' | 'moderation'>
  readonly store: Store
  readonly parts: PipelineParts
  readonly notices: Pick<Notices, 'router'>
  readonly log: Log
}

/** What leaves the house as documents; that it left stands in the journal and in the log. */
export function openExports({ config, store, parts, notices, log }: ExportParts): ExportDesk {
  const { cases, rooms, journal, clock } = parts
  return createExportDesk({
    self: config.provider,
    store,
    takingOut: cases.takingOut,
    router: notices.router,
    participants: (room) => rooms.find(parseMimiUri(room, 'room'))?.participants.length,
    settings: exportSettingsOf(config.moderation),
    onExported: ({ format, by }) => {
      log.info('export.made', { format: safeId(format), by: safeId(by) })
      journal.record({ ...EXPORT_MADE, atMs: clock(), outcome: format })
    },
    clock,
  })
}

/** What the desk needs of `moderation` in postern.yaml. */
export function exportSettingsOf({ abuseDesk, dsa }: ModerationConfig): ExportSettings {
  return {
    abuseDesk,
    dsa: dsa && { language: undefined, termsUrl: undefined, ...dsa },
  }
}

/** Who made it stands in the log of the case. */
const EXPORT_MADE = {
  schema: 1,
  kind: 'export.made',
  requestId: '',
  operation: '',
  direction: '',
  peer: '',
  suite: '',
  policies: [],
  fields: {},
} as const
