import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import { GatewayError } from '../model/errors.ts'
import { parseMimiUri, uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'
import type { Statement } from '../sqlite/store.ts'
import { strikeSeverity } from './category-rules.ts'
import {
  instantOf,
  noticeMessageSchema,
  type NoticeMessage,
  type StrikeSeverity,
} from './messages.ts'
import { newNoticeId } from './notice-ids.ts'
import type { CountedStrike, HubOfStrikes, NoticeTime } from './ports.ts'
import type { NewSentNotice, SentNotices } from './sent-notices.ts'
import type { StrikeBook, StrikeReport } from './strike-book.ts'
import { denyWhenEnough } from './strike-decision.ts'

/** Whether something may go to a provider, and the policies that say so. */
export interface Permission {
  readonly allowed: boolean
  readonly policies: readonly string[]
}

/** What routing has to know of a strike. */
export interface StrikeFacts {
  readonly room: MimiUri
  readonly pseudonym: MimiUri
  readonly category: string
  /** Whether a person decided it. */
  readonly moderator: boolean
}

export interface StrikeParts extends NoticeTime {
  readonly self: ProviderDomain
  readonly sent: SentNotices
  readonly book: StrikeBook
  readonly hub: HubOfStrikes
  readonly mayStrike: (facts: StrikeFacts) => Permission
  /** Until when a provider has to answer. */
  readonly answerByMs: (provider: ProviderDomain, nowMs: number) => number
  /** Called when something waits. */
  readonly onQueued: () => void
}

/** A strike by a decision of a moderator. */
export interface StrikeOrder {
  readonly room: MimiUri
  readonly pseudonym: MimiUri
  /** 64 hexadecimal digits. */
  readonly frankingTag: string
  readonly category: string
  readonly severity: StrikeSeverity
  /** Where the pseudonym's day begins, in seconds. */
  readonly epochStart: number
  readonly provider: ProviderDomain
  /** What decided it, such as a sanction: the same one strikes once, and is the strike's id. */
  readonly about: string
}

export type StrikeOutcome =
  /** The provider is told; `notice` is the strike's id. */
  | { readonly kind: 'struck'; readonly notice: string }
  /** The pseudonym is denied here, and routing lets nothing go to its provider. */
  | { readonly kind: 'denied-here'; readonly policies: readonly string[] }
  /** One report alone does nothing. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'known' }

/**
 * Strikes by the hub: never on one report alone. INVARIANT: a strike counts against the pseudonym's
 * provider when the hub decides it and until the hub takes it back; what the provider answers, or whether
 * it may be told at all, changes nothing of that.
 */
export interface StrikeDesk {
  /** A moderator's decision. Throws `malformed-request` where the provider is not the pseudonym's own. */
  strike(order: StrikeOrder): Promise<StrikeOutcome>
  /** Where the day of a reported message begins, in seconds; of one that nobody reported, the day of `atMs`. */
  epochOf(
    message: { readonly room: string; readonly pseudonym: string; readonly frankingTag: string },
    atMs: number,
  ): number
  /** A verified report of a message of a pseudonym: enough of them deny it and strike. */
  reported(report: StrikeReport): Promise<StrikeOutcome>
  /**
   * The strike of this id holds and counts no longer: its pseudonym is served again, unless another one
   * denies it still. What a person took back, more reports do not bring again. Nothing where there is none.
   */
  lift(id: string): Promise<void>
}

/** INVARIANT: one denial at a time, so that what lifts one never meets another that is half done. */
export function createStrikeDesk(parts: StrikeParts): StrikeDesk {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const run = last.then(work)
    last = run.catch(() => {})
    return run
  }
  return {
    strike: async (order) => {
      if (uriDomain(order.pseudonym) !== order.provider) throw new GatewayError('malformed-request')
      return inTurn(async () => {
        if (parts.book.reasonBy(order.about) !== undefined) return { kind: 'known' }
        return carryOut(parts, order, 'moderator')
      })
    },
    lift: (id) => inTurn(() => lift(parts, id)),
    epochOf: ({ room, pseudonym, frankingTag }, atMs) => {
      const reports = parts.book.reportsOf(room, pseudonym)
      const known = reports.find((report) => report.frankingTag === frankingTag)
      return known?.epochStart ?? Math.floor(atMs / EPOCH_MS) * EPOCH_SECONDS
    },
    reported: async (report) => {
      const { book } = parts
      await book.report(report)
      return inTurn(() => strikeByReports(parts, report))
    },
  }
}

async function strikeByReports(parts: StrikeParts, report: StrikeReport): Promise<StrikeOutcome> {
  const { book, randomness } = parts
  const reports = book.reportsOf(report.room, report.pseudonym)
  const counted = reports.map(({ reporter }) => ({ reporter, verified: true }))
  const decision = denyWhenEnough({ reports: counted, moderator: false })
  if (decision.kind === 'wait') return { kind: 'waiting' }
  const reasons = book.reasonsOf(report.room, report.pseudonym)
  if (reasons.some(({ because }) => because === 'reporters')) return { kind: 'known' }
  const pseudonym = parseMimiUri(report.pseudonym, 'user')
  const order = {
    room: parseMimiUri(report.room, 'room'),
    pseudonym,
    frankingTag: report.frankingTag,
    category: report.category,
    severity: strikeSeverity(report.category),
    epochStart: report.epochStart,
    provider: uriDomain(pseudonym),
    about: newNoticeId(randomness),
  }
  return carryOut(parts, order, decision.because)
}

/** Serves first: whatever comes in between, doing it again does the rest. */
async function lift(parts: StrikeParts, id: string): Promise<void> {
  const { book, hub } = parts
  const reason = book.reasonBy(id)
  if (reason === undefined) return
  const { room, pseudonym, epochStart, countedMs } = reason
  const others = book
    .reasonsOf(room, pseudonym)
    .filter(({ cause, lifted }) => cause !== id && !lifted)
  if (others.length === 0) await hub.allow({ room, pseudonym, epochStart })
  const provider = uriDomain(pseudonym)
  const taken =
    countedMs === undefined ? undefined : { provider, atMs: countedMs, change: -1 as const }
  await write(parts, taken, [book.lifting(id)])
}

/** Denies first: whatever becomes of the notice, the pseudonym is refused from now on. */
async function carryOut(
  parts: StrikeParts,
  order: StrikeOrder,
  because: 'reporters' | 'moderator',
): Promise<StrikeOutcome> {
  const { sent, book, hub, clock, mayStrike, onQueued } = parts
  const { room, pseudonym, epochStart, category } = order
  await hub.deny({ room, pseudonym, epochStart })
  const moderator = because === 'moderator'
  const { allowed, policies } = mayStrike({ room, pseudonym, category, moderator })
  const atMs = clock()
  const counted = strikeCounted(order, atMs)
  const countedMs = counted?.atMs
  const denial = { room, pseudonym, cause: order.about, because, epochStart, atMs, countedMs }
  if (!allowed) {
    await write(parts, counted, [book.denial(denial)])
    return { kind: 'denied-here', policies }
  }
  const notice = strikeNotice(parts, order, { policies, nowMs: atMs })
  await write(parts, counted, [book.denial(denial), sent.insertStatement(notice)])
  onQueued()
  return { kind: 'struck', notice: notice.message.notice_id }
}

/** Of a provider only pseudonyms are admitted: nothing else can be held against their number. */
function strikeCounted({ pseudonym, provider }: StrikeOrder, atMs: number) {
  if (epochPseudonymId(pseudonym) === undefined) return undefined
  return { provider, atMs, change: 1 } as const
}

/** What was decided and what it counts, in one step. */
function write(
  { book, hub }: StrikeParts,
  counted: CountedStrike | undefined,
  statements: readonly Statement[],
): Promise<void> {
  return counted === undefined ? book.write(statements) : hub.struck(counted, statements)
}

function strikeNotice(
  parts: StrikeParts,
  order: StrikeOrder,
  { policies, nowMs }: { readonly policies: readonly string[]; readonly nowMs: number },
): NewSentNotice {
  const { provider: peer } = order
  const untilMs = parts.answerByMs(peer, nowMs)
  const message = strikeMessage(parts, order, { nowMs, untilMs })
  return { peer, message, about: about(order), policies, createdAtMs: nowMs, untilMs }
}

/** Reports strike by themselves, a moderator by a decision. */
function about({ about: cause, room }: StrikeOrder): string {
  return cause.startsWith('ntc-') ? room : cause
}

function strikeMessage(
  { self }: StrikeParts,
  { about: id, pseudonym, category, frankingTag, severity, epochStart }: StrikeOrder,
  { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
): NoticeMessage {
  return noticeMessageSchema.parse({
    type: 'strike',
    notice_id: id,
    from: self,
    issued_at: instantOf(nowMs),
    subject_pseudonym: pseudonym,
    category,
    answer_by: instantOf(untilMs),
    franking_tags: [frankingTag],
    severity,
    epoch_start: epochStart,
  })
}

/** An epoch is a day in UTC, for everybody. docs/pseudonymous-senders.md */
const EPOCH_SECONDS = 86_400
const EPOCH_MS = EPOCH_SECONDS * 1_000
