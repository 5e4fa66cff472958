import type { KeyRing } from '../keys/key-files.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { SanctionPort } from '../model/sanctions.ts'
import { moderationEngine } from '../policy/moderation/moderation-engine.ts'
import { createCaseDesk, type CaseDesk, type Moderation } from '../reports/case-desk.ts'
import type { FetchAttachment } from '../reports/cases/case-attachments.ts'
import type { ReportDesk } from '../reports/report-desk.ts'
import type { VerifierPool } from '../reports/verifier-pool.ts'
import type { Config } from '../settings/config.ts'
import type { ModerationConfig } from '../settings/moderation.ts'
import { safeId } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import { readSubjectPolicies } from './subject-policies.ts'

export interface CaseDeskParts {
  readonly config: Pick<Config, 'moderation'>
  readonly store: Store
  readonly keys: KeyRing
  /** Where plaintext is read. */
  readonly verifier: Pick<VerifierPool, 'attachment'>
  readonly clock: Clock
  readonly randomness: Randomness
  readonly log: Log
}

export interface OpenedCases {
  readonly cases: CaseDesk
  /** The report desk, whose reports join cases as they come in. */
  readonly reports: ReportDesk
  /** Sanctions wait until whoever carries them out is there, and so do attachments. */
  readonly bindCases: (hands: CaseHands) => void
}

/** What cases reach out with. */
export interface CaseHands {
  readonly sanctions: SanctionPort
  readonly fetchAttachment: FetchAttachment
}

/** The case desk, under the policies about moderators. Throws `policy-invalid`. */
export async function openCaseDesk(
  parts: CaseDeskParts,
  reports: ReportDesk,
): Promise<OpenedCases> {
  const { store, keys, verifier, clock, randomness, log } = parts
  const { moderation } = parts.config
  const loaded = await readSubjectPolicies('moderation', moderation.policies, clock)
  const late = lateHands()
  const cases = createCaseDesk({
    store,
    engine: moderationEngine(loaded, clock),
    moderation: moderationOf(moderation),
    sanctions: late.hands.sanctions,
    attachments: { fetch: late.hands.fetchAttachment, open: verifier.attachment },
    reports,
    keys: (keyId) => keys.all('report-sealing').find((key) => key.id === keyId)?.key,
    onOpened: (report) => log.info('report.opened', { report: safeId(report) }),
    clock,
    randomness,
  })
  return { cases, reports: joining(reports, cases), bindCases: late.bind }
}

/** What the desk needs of `moderation` in postern.yaml. */
export function moderationOf(config: ModerationConfig): Moderation {
  const { team, leaseMinutes, exposuresPerDay, exposuresPerHour, secondPerson } = config
  const leaseMs = leaseMinutes * MINUTE_MS
  return { team, settings: { leaseMs, exposuresPerDay, exposuresPerHour, secondPerson } }
}

/** Hands on waiting sanctions each few seconds, and tends to cases each hour, beginning now. */
export function startCases(cases: CaseDesk, log: Log): Disposable {
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      log.fault('cases.failed', error)
    }
  }
  const tend = () =>
    guarded(async () => {
      const { joined, deleted, faults } = await cases.tend()
      for (const fault of faults) log.fault('cases.failed', fault)
      log.debug('cases.tended', { joined, deleted: deleted.length })
      for (const { case: id, class: kept, reports } of deleted)
        log.info('case.deleted', { case: safeId(id), class: safeId(kept), reports })
    })
  const emit = () =>
    guarded(async () => {
      await cases.emit()
    })
  const timers = [
    setInterval(() => void tend(), TEND_MS),
    setInterval(() => void emit(), EMIT_MS),
  ] as const
  for (const timer of timers) timer.unref()
  void tend()
  return {
    [Symbol.dispose]: () => {
      for (const timer of timers) clearInterval(timer)
    },
  }
}

/** Reports join as they are taken. What fails here is caught up by tending: the report itself is safe. */
function joining(reports: ReportDesk, cases: CaseDesk): ReportDesk {
  return {
    ...reports,
    receive: async (exchange) => {
      const receipt = await reports.receive(exchange)
      try {
        await cases.join(receipt.id)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
      }
      return receipt
    },
  }
}

function lateHands() {
  let bound: CaseHands | undefined
  const inForce = (): CaseHands => {
    if (bound === undefined) throw new GatewayError('store-unavailable')
    return bound
  }
  const hands: CaseHands = {
    sanctions: {
      apply: async (sanction) => inForce().sanctions.apply(sanction),
      undo: async (id) => inForce().sanctions.undo(id),
    },
    fetchAttachment: async (url) => inForce().fetchAttachment(url),
  }
  const bind = (given: CaseHands): void => {
    bound = given
  }
  return { hands, bind }
}

const MINUTE_MS = 60_000
const EMIT_MS = 10_000
const TEND_MS = 3_600_000
