import type { Clock } from '../model/clock.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { ReportRouter } from '../notices/report-router.ts'
import type { ExportFormat } from '../reports/cases/case-state.ts'
import type { TakingOut } from '../reports/cases/taking-out.ts'
import type { Actor } from '../reports/cases/team.ts'
import type { Store } from '../sqlite/store.ts'
import { arfMail } from './arf.ts'
import { deleteCountsBefore, transparency, type MonthRange, type Transparency } from './counts.ts'
import { decidedCase } from './decided-case.ts'
import { dsaBatch, type DsaBatch, type DsaQuery } from './dsa-batch.ts'
import { forwardedCase, type ForwardedCase } from './forwarded-case.ts'
import { referenceOf } from './references.ts'
import { documentOf, refused, type Exported } from './refusal.ts'
import type { ExportSettings } from './settings.ts'
import { xarfReport, type XarfReport } from './xarf.ts'

export interface ExportDeskOptions {
  readonly self: ProviderDomain
  readonly store: Store
  readonly takingOut: TakingOut
  readonly router: Pick<ReportRouter, 'noticeOfDecision'>
  /** How many are in a room; undefined for one that is not there. */
  readonly participants: (room: string) => number | undefined
  readonly settings: ExportSettings
  /** Told of everything that leaves. */
  readonly onExported: (exported: { readonly format: string; readonly by: string }) => void
  readonly clock: Clock
}

/** What leaves the house as documents. docs/exports.md */
export interface ExportDesk {
  /** Statements of reasons for the Transparency Database. Throws as `dsaBatch`. */
  dsa(actor: Actor, query: DsaQuery): Promise<DsaBatch>
  /** Of the decision of a case. Throws `export-refused`, `not-found`, `moderator-unknown`, `moderation-denied`. */
  xarf(actor: Actor, id: string): Promise<XarfReport>
  /** The same as a mail. */
  arf(actor: Actor, id: string): Promise<string>
  /** What was counted. Throws `export-refused`, `moderator-unknown`, `moderation-denied`. */
  transparency(actor: Actor, months: MonthRange): Transparency
  /** Forgets what was counted longer ago than is kept. */
  deleteExpired(): Promise<number>
  /** Other settings from now on. */
  reconfigure(settings: ExportSettings): void
}

export function createExportDesk(options: ExportDeskOptions): ExportDesk {
  const { store, takingOut, onExported, clock } = options
  let { settings } = options
  const make = async <Document>(
    { actor, id, format }: Asked,
    of: (forwarded: ForwardedCase) => Exported<Document>,
  ): Promise<Document> => {
    const decided = decidedCase(store, takingOut.demand(actor, id))
    const found = decided ?? documentOf(refused('not-decided'))
    const forwarded = forwardedCase(found, { ...options, ...settings })
    const document = documentOf(of(documentOf(forwarded)))
    const decision = found.statement.id
    await takingOut.record(actor, id, {
      format,
      decision,
      reference: referenceOf(format, decision),
    })
    onExported({ format, by: actor.name })
    return document
  }
  const xarfOf = (forwarded: ForwardedCase) => {
    const participants = options.participants(forwarded.decided.room)
    return xarfReport(forwarded, { self: options.self, participants })
  }
  return {
    dsa: async (actor, query) => {
      const batch = await dsaBatch({ store, takingOut, dsa: settings.dsa }, actor, query)
      onExported({ format: 'dsa', by: actor.name })
      return batch
    },
    xarf: (actor, id) => make({ actor, id, format: 'xarf' }, xarfOf),
    arf: (actor, id) =>
      make({ actor, id, format: 'arf' }, (forwarded) => {
        const xarf = xarfOf(forwarded)
        const report = xarf.kind === 'made' ? xarf.document : undefined
        return arfMail(forwarded, { self: options.self, xarf: report })
      }),
    transparency: (actor, months) => {
      takingOut.demandCounts(actor)
      const counted = transparency(store, months, clock())
      onExported({ format: 'transparency', by: actor.name })
      return counted
    },
    deleteExpired: () => deleteCountsBefore(store, clock() - COUNTS_KEPT_MS),
    reconfigure: (next) => {
      settings = next
    },
  }
}

interface Asked {
  readonly actor: Actor
  readonly id: string
  readonly format: ExportFormat
}

/** Five years. */
const COUNTS_KEPT_MS = 1_827 * 86_400_000
