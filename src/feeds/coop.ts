import type { KeyObject } from 'node:crypto'
import { OutsideClient, type OutsideClientOptions } from '../delivery/outside-client.ts'
import { retryAfterMs } from '../delivery/retry-after.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { keyedHandle } from '../reports/handles.ts'
import type { OpeningKeys, ReportDesk, ReportDetail } from '../reports/report-desk.ts'
import { consentBits } from '../wire/mimi/report-extension.ts'
import type { CoopContent } from './coop-content.ts'
import type { Receiver } from './feed.ts'
import { triageOf, type Happening } from './happenings.ts'

export interface CoopOptions extends OutsideClientOptions {
  readonly apiKey: string
  /** Ids of item types of the Coop organisation. */
  readonly itemType: string
  readonly reporterType: string
  /** Before the id of the case: where people find it with us. */
  readonly caseUrl: string
  readonly content: CoopContent
  readonly reports: Pick<ReportDesk, 'show'>
  readonly keys: OpeningKeys
  /** Told whenever a sealed report is opened for it. */
  readonly onOpened: (report: string) => void
  /** 32 octets of the purpose `report-handles`. */
  readonly handleKey: KeyObject
  readonly clock: Clock
}

/** Posts verified reports to the Report API of a Coop instance. Throws `configuration-invalid`. */
export function coopReceiver(options: CoopOptions): Receiver {
  const { apiKey, clock } = options
  const client = new OutsideClient(options)
  return {
    batchMax: 1,
    deliver: async ([happening], signal) => {
      if (happening === undefined) throw new GatewayError('internal')
      const report = await coopReport(options, happening)
      // Deleted meanwhile: there is nothing to hand over any more.
      if (report === undefined) return { status: 204 }
      const headers = ['content-type', 'application/json', 'x-api-key', apiKey]
      const answer = await client.post(headers, Buffer.from(JSON.stringify(report)), signal)
      return {
        status: answer.status,
        retryAfterMs: retryAfterMs(answer.headers['retry-after'], clock),
      }
    },
    close: () => client[Symbol.asyncDispose](),
  }
}

/** Whether a happening is a report that Coop gets. */
export function isForCoop({ name, result }: Happening): boolean {
  return name === 'report.received' && result === 'verified'
}

async function coopReport(options: CoopOptions, happening: Happening): Promise<object | undefined> {
  const { reports, keys, itemType, reporterType, caseUrl, handleKey } = options
  const { report = '', category } = happening
  const found = await reports.show(report)
  if (found === undefined) return undefined
  const withContent = mayShow(options.content, happening, found)
  const detail = withContent ? await reports.show(report, keys) : found
  if (detail === undefined) return undefined
  if (withContent) options.onOpened(report)
  const { summary, checks, evidence } = detail
  const handle = (...parts: readonly string[]) => keyedHandle(handleKey, parts)
  const isExact = evidence !== undefined
  return {
    // New for each report, so that nobody's reports can be strung together there.
    reporter: { kind: 'user', typeId: reporterType, id: `hmac:${handle('coop-reporter', report)}` },
    reportedAt: hourOf(summary.receivedAtMs),
    reportedForReason: { policyId: category, csam: category === 'child.csam' },
    reportedItem: {
      id: checks[0]?.messageId ?? report,
      typeId: itemType,
      data: {
        room: `digest:${handle('coop-room', summary.room)}`,
        subject: isExact ? summary.subject : `hmac:${handle('coop-subject', summary.subject)}`,
        verification: methodOf(detail),
        evidence_link: `${caseUrl}${happening.case}`,
        ...(isExact && { texts: evidence.messages.flatMap(({ texts }) => texts) }),
      },
    },
  }
}

/** Nothing of child safety leaves with its content, whatever was agreed to. */
function mayShow(content: CoopContent, happening: Happening, { summary }: ReportDetail): boolean {
  if (triageOf(happening).queue === 'child-safety') return false
  return (
    content === 'always' ||
    (content === 'consented' && (summary.consentFlags & consentBits.evidence) !== 0)
  )
}

function methodOf({ checks }: ReportDetail): string {
  return checks.find(({ result }) => result === 'verified')?.method ?? 'none'
}

function hourOf(atMs: number): string {
  return new Date(Math.floor(atMs / HOUR_MS) * HOUR_MS).toISOString()
}

const HOUR_MS = 3_600_000
