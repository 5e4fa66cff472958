import type { Clock } from '../model/clock.ts'
import { advanceSanctions, sanctionsAfterCommit } from '../pipeline/advance-sanctions.ts'
import { endForClients, resumeSanctions, settleSanctions } from '../pipeline/apply-sanction.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { SanctionBook } from '../sanctions/sanction-book.ts'
import { SanctionTurns } from '../sanctions/sanction-turns.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import { repeat } from './repeat.ts'

export interface SanctionsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly sendNotice: PipelineParts['sendNotice']
}

/** What the pipeline needs to apply sanctions. Throws `store-unavailable`. */
export function openSanctions({
  store,
  clock,
  log,
  sendNotice,
}: SanctionsOptions): Pick<PipelineParts, 'sanctions' | 'sanctionTurns' | 'sendNotice'> {
  return {
    sanctions: new SanctionBook(store, clock),
    sanctionTurns: new SanctionTurns((fault) => log.fault('sanctions.failed', fault)),
    sendNotice,
  }
}

/**
 * Takes up what an earlier process left, then looks every half a minute for what has ended or can go on.
 * Throws `store-unavailable`.
 */
export async function startSanctions(parts: PipelineParts, log: Log): Promise<AsyncDisposable> {
  const { sanctions, sanctionTurns } = parts
  const look = async (): Promise<void> => {
    try {
      await sanctions.expire()
    } catch (error) {
      log.fault('sanctions.failed', error)
    }
    resumeSanctions(parts)
    endForClients(parts)
    const rooms = new Set(sanctions.allLive().map(({ sanction }) => sanction.room))
    for (const room of rooms) sanctionTurns.start(room, () => advanceSanctions(parts, room))
  }
  await settleSanctions(parts)
  sanctionTurns.onCommit((room, references) => sanctionsAfterCommit(parts, room, references))
  const timer = repeat(look, INTERVAL_MS)
  return {
    [Symbol.asyncDispose]: async () => {
      timer[Symbol.dispose]()
      await sanctionTurns[Symbol.asyncDispose]()
    },
  }
}

const INTERVAL_MS = 30_000
