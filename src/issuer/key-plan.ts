/** A key and its time, as the plan sees it. */
export interface TimedKey {
  readonly id: string
  /** From when it signs. It is published before. */
  readonly activeFromMs: number
  /** Until when tokens that it signed are taken. */
  readonly expiresAtMs: number
}

/** What has to be done, in this order: whatever a crash leaves out is in the next plan. */
export interface KeyPlan {
  readonly expire: readonly { readonly id: string; readonly atMs: number }[]
  readonly create: Omit<TimedKey, 'id'> | undefined
}

/** An issuer's keys of one class at one moment: at most two. */
export interface LiveKeys<K extends TimedKey> {
  /** The one that signs. Undefined only until a plan is carried out. */
  readonly signing: K | undefined
  /** The one that takes over, or the one whose tokens are still taken. */
  readonly other: K | undefined
}

/**
 * Which keys count, whatever the files hold: of those that have not expired the newest that has begun
 * signs. A clock that was moved back can bring back more than two; then the rest does not count.
 */
export function liveKeys<K extends TimedKey>(keys: readonly K[], nowMs: number): LiveKeys<K> {
  const live = keys.filter(({ expiresAtMs }) => expiresAtMs > nowMs).toSorted(byBeginning)
  const begun = live.filter(({ activeFromMs }) => activeFromMs <= nowMs)
  const [former, signing] = [begun.at(-2), begun.at(-1)]
  const pending = live.filter(({ activeFromMs }) => activeFromMs > nowMs)
  if (signing === undefined) return { signing, other: pending[0] }
  const successor = pending.find(({ activeFromMs }) => activeFromMs <= signing.expiresAtMs)
  return { signing, other: successor ?? former }
}

/**
 * Keeps one class in keys: 90 days for each, its successor published a day before it signs, from the
 * begin of a UTC day, and 7 days in which tokens of both are taken. Nothing to do is an empty plan.
 */
export function planKeys(keys: readonly TimedKey[], nowMs: number): KeyPlan {
  const { signing, other } = liveKeys(keys, nowMs)
  if (signing === undefined) return { expire: ended(keys, [other], nowMs), create: bornAt(nowMs) }
  const hasSuccessor = other !== undefined && other.activeFromMs > nowMs
  if (hasSuccessor || signing.expiresAtMs - nowMs > DUE_MS)
    return { expire: ended(keys, [signing, other], nowMs), create: undefined }
  return { expire: ended(keys, [signing], nowMs), create: bornAt(takeover(signing, nowMs)) }
}

/** The same at an operator's word: the next key takes over at the begin of a day, a day from now at least. */
export function planSuccessor(keys: readonly TimedKey[], nowMs: number): KeyPlan {
  const { signing } = liveKeys(keys, nowMs)
  if (signing === undefined) return planKeys(keys, nowMs)
  const fromMs = takeover(signing, nowMs)
  const atMs = Math.min(signing.expiresAtMs, fromMs + OVERLAP_MS)
  return {
    expire: [...ended(keys, [signing], nowMs), { id: signing.id, atMs }],
    create: bornAt(fromMs),
  }
}

/** For keys that others may know: all end at once, and with them every token that they signed. */
export function planReplacement(keys: readonly TimedKey[], nowMs: number): KeyPlan {
  return { expire: ended(keys, [], nowMs), create: bornAt(nowMs) }
}

/** Those that have not expired and are not kept. */
function ended(keys: readonly TimedKey[], kept: readonly (TimedKey | undefined)[], nowMs: number) {
  return keys
    .filter(({ id, expiresAtMs }) => expiresAtMs > nowMs && !kept.some((key) => key?.id === id))
    .map(({ id }) => ({ id, atMs: nowMs }))
}

function bornAt(activeFromMs: number): Omit<TimedKey, 'id'> {
  return { activeFromMs, expiresAtMs: activeFromMs + LIFETIME_MS }
}

/** At once where tokens of the key before it would otherwise outlive it. */
function takeover(signing: TimedKey, nowMs: number): number {
  const fromMs = Math.ceil((nowMs + PUBLISHED_BEFORE_MS) / DAY_MS) * DAY_MS
  return fromMs + TOKEN_LIFE_MS > signing.expiresAtMs ? nowMs : fromMs
}

function byBeginning(a: TimedKey, b: TimedKey): number {
  return a.activeFromMs - b.activeFromMs || (a.id < b.id ? -1 : 1)
}

const DAY_MS = 86_400_000
const LIFETIME_MS = 90 * DAY_MS
const OVERLAP_MS = 7 * DAY_MS
/** Other providers read our requirements document several times in a day. */
const PUBLISHED_BEFORE_MS = DAY_MS
/** A token is for the day on which it was issued or for the next one, and ten minutes more. */
const TOKEN_LIFE_MS = 2 * DAY_MS + 600_000
/** Time for a takeover at the begin of a day, and then for the overlap. */
const DUE_MS = OVERLAP_MS + PUBLISHED_BEFORE_MS + DAY_MS
