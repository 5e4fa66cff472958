import type { ComponentData } from '../../wire/mls/app-data.ts'
import { buildReport } from '../mimi/abuse-report.ts'
import type { FrankEvidence } from '../mimi/franked-message.ts'
import { sealedReport, type ReportDetails } from '../mimi/sealed-report.ts'
import type { ClientRoom, ClientState } from './client-state.ts'

export interface ReportOptions {
  readonly note?: string
  /** Whether the report says who we are. */
  readonly named?: boolean
  /** Seals note, messages and proof to the hub. */
  readonly sealed?: ReportDetails
  readonly extensions?: readonly ComponentData[]
}

/** Sends a report; resolves to the receipt. Throws `mixed-report`. draft-ietf-mimi-protocol-06 §5.9 */
export async function sendReport(
  { provider, randomness }: ClientState,
  { uri, group, participant }: ClientRoom,
  {
    messages,
    note = '',
    named = false,
    sealed,
    extensions = [],
  }: ReportOptions & { readonly messages: readonly [FrankEvidence, ...FrankEvidence[]] },
): Promise<string | undefined> {
  const reporter = named ? participant : ''
  const report = { messages, reporter, note, extensions }
  if (sealed === undefined) return provider.report(uri, buildReport(report))
  const inside = { room: uri, note, messages, reporter: participant, epoch: group.current }
  const extension = sealedReport(inside, sealed, randomness)
  return provider.report(uri, buildReport({ ...report, extensions: [extension], isSealed: true }))
}
