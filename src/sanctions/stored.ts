import { GatewayError } from '../model/errors.ts'
import {
  expiryOf,
  sanctionStates,
  type Sanction,
  type SanctionKind,
  type SanctionRecord,
  type SanctionState,
} from '../model/sanctions.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import { parseSanction } from './document.ts'

/** What the delivery service said of a sanction. */
export const sanctionResults = ['applied', 'left-to-gateway', 'failed'] as const
export type SanctionResult = (typeof sanctionResults)[number]

/** A sanction as the store holds it. */
export interface StoredSanction extends SanctionRecord {
  /** Grows with each sanction. */
  readonly sequence: number
  /** References of the hub's proposals for it, hexadecimal. */
  readonly proposals: readonly string[]
  /** The role of a banned participant before the ban; undefined where it was not in the list. */
  readonly priorRole: number | undefined
  readonly result: SanctionResult | undefined
  /** Copies of a retracted message that were not delivered: those of the outbox and of the delivery service. */
  readonly dropped: number
}

/** Throws `store-unavailable` for a row that no version of ours has written. */
export function storedSanction(row: Row): StoredSanction {
  try {
    return {
      sequence: numberColumn(row, 'sequence'),
      sanction: parseSanction(JSON.parse(textColumn(row, 'document'))),
      state: member(sanctionStates, row['state']),
      note: row['note'] === null ? undefined : textColumn(row, 'note'),
      proposals: references(textColumn(row, 'proposals')),
      priorRole: row['prior_role'] === null ? undefined : numberColumn(row, 'prior_role'),
      result: row['result'] === null ? undefined : member(sanctionResults, row['result']),
      dropped: numberColumn(row, 'dropped'),
      updatedAtMs: numberColumn(row, 'updated_at_ms'),
    }
  } catch (cause) {
    throw new GatewayError('store-unavailable', { facts: { reason: 'sanction' }, cause })
  }
}

/** Whether applying `next` takes `before` back: the other kind of the pair, about the same. */
export function takesBack(next: Sanction, before: Sanction): boolean {
  return next.room === before.room && before.kind === otherOf[next.kind] && isSame(next, before)
}

/** Whether nothing is left to do or to enforce. `endedRows` says the same in SQL. */
export function hasEnded({ sanction, state }: Pick<SanctionRecord, 'sanction' | 'state'>): boolean {
  return state === 'undone' || state === 'failed' || lastStates[sanction.kind] === state
}

/** Whether its time is over. */
export function isOver({ sanction }: Pick<SanctionRecord, 'sanction'>, nowMs: number): boolean {
  return (endOf(sanction) ?? Infinity) <= nowMs
}

/** Whether clients have been asked for something that they keep up until they are asked otherwise. */
export function outlastsItself({ sanction, proposals }: StoredSanction): boolean {
  return sanction.kind === 'label' && sanction.target.kind === 'message' && proposals.length > 0
}

/** To take a mark off a message clients are asked after the end of its label, too. */
function endOf(sanction: Sanction): number | undefined {
  if (sanction.kind === 'unlabel' && sanction.target.kind === 'message')
    return sanction.issuedAtMs + ASKED_MS
  return expiryOf(sanction)
}

/** `after` and `before` are of kinds that belong together. */
function isSame(next: Sanction, before: Sanction): boolean {
  if ('message' in next && 'message' in before) return namesSame(next.message, before.message)
  if ('target' in next && 'target' in before) {
    const [one, other] = [next.target, before.target]
    if (next.label !== before.label) return false
    if (one.kind === 'message' && other.kind === 'message') return namesSame(one, other)
    return (
      one.kind === 'participant' &&
      other.kind === 'participant' &&
      one.participant === other.participant
    )
  }
  if (!('participant' in next) || !('participant' in before)) return false
  if (next.participant !== before.participant) return false
  if ('frankingTag' in next && 'frankingTag' in before)
    return next.frankingTag === before.frankingTag
  return true
}

interface Named {
  readonly frankingTag?: string | undefined
  readonly messageId?: string | undefined
}

function namesSame(one: Named, other: Named): boolean {
  return (
    (one.frankingTag !== undefined && one.frankingTag === other.frankingTag) ||
    (one.messageId !== undefined && one.messageId === other.messageId)
  )
}

function references(json: string): readonly string[] {
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list)) throw new GatewayError('store-unavailable')
  return list.map(String)
}

function member<T extends string>(all: readonly T[], value: unknown): T {
  const found = all.find((one) => one === value)
  if (found === undefined) throw new GatewayError('store-unavailable')
  return found
}

/**
 * Where kinds end that nothing follows from: what takes back has done so once the group has it, what is
 * sent is sent, and the denial of a strike ends with its day by itself.
 */
const lastStates: Readonly<Partial<Record<SanctionKind, SanctionState>>> = {
  unban: 'in-group-state',
  restore: 'in-group-state',
  unlabel: 'in-group-state',
  strike: 'enforced-at-hub',
  'retract-strike': 'enforced-at-hub',
  notify: 'enforced-at-hub',
}

/** How long the hub tries to have clients asked. */
const ASKED_MS = 30 * 86_400_000

/** A condition on the table's rows. */
export const endedRows = [
  `state IN ('undone', 'failed')`,
  ...Object.entries(lastStates).map(
    ([kind, state]) => `(state = '${state}' AND document ->> 'kind' = '${kind}')`,
  ),
].join(' OR ')

/** A notice takes no other back: both were said. */
const otherOf: Readonly<Record<SanctionKind, SanctionKind | undefined>> = {
  ban: 'unban',
  unban: 'ban',
  limit: 'unlimit',
  unlimit: 'limit',
  retract: 'restore',
  restore: 'retract',
  label: 'unlabel',
  unlabel: 'label',
  strike: 'retract-strike',
  'retract-strike': 'strike',
  notify: undefined,
}
