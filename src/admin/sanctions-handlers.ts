import type { Clock, Randomness } from '../model/clock.ts'
import {
  newSanctionId,
  parseSanctionId,
  type SanctionId,
  type SanctionPort,
} from '../model/sanctions.ts'
import { parseSanction } from '../sanctions/document.ts'
import type { SanctionBook } from '../sanctions/sanction-book.ts'
import type { StoredSanction } from '../sanctions/stored.ts'
import type { SanctionHandlers, SanctionView } from './sanctions-api.ts'

export interface SanctionHandlersOptions {
  readonly book: Pick<SanctionBook, 'list' | 'find' | 'expire'>
  readonly port: SanctionPort
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Sanctions as the control socket shows and takes them. */
export function createSanctionHandlers(options: SanctionHandlersOptions): SanctionHandlers {
  const { book, port, clock, randomness } = options
  const show = (id: SanctionId): SanctionView | undefined => {
    const stored = book.find(id)
    return stored && viewOf(stored)
  }
  const shown = ({ sanction }: Awaited<ReturnType<SanctionPort['apply']>>): SanctionView => {
    const view = show(sanction.id)
    // INVARIANT: the port answers what it has written down.
    if (view === undefined) throw new RangeError('the sanction is not there')
    return view
  }
  return {
    list: async (page) => {
      await book.expire()
      const stored = book.list(page)
      const next = stored.length === page.limit ? stored.at(-1)?.sequence : undefined
      return {
        sanctions: stored.map((one) => viewOf(one)),
        ...(next !== undefined && { next }),
      }
    },
    find: async (id) => {
      await book.expire()
      return show(parseSanctionId(id))
    },
    apply: async (order) => {
      const nowMs = clock()
      const own = { id: newSanctionId(nowMs, randomness), issuedAtMs: nowMs }
      return shown(await port.apply(parseSanction({ ...order, ...own })))
    },
    undo: async (id) => shown(await port.undo(parseSanctionId(id))),
  }
}

function viewOf(stored: StoredSanction): SanctionView {
  const { sequence, sanction, state, note, result, dropped, updatedAtMs } = stored
  return {
    sequence,
    sanction: { ...sanction },
    state,
    ...(note !== undefined && { note }),
    ...(result !== undefined && { result }),
    dropped,
    updatedAtMs,
  }
}
