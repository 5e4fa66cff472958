/** What tokens are for. Each class has keys and a quota of its own. */
export const tokenClasses = ['message', 'first-contact'] as const
export type TokenClass = (typeof tokenClasses)[number]

/** What the provider thinks of an account; it says so at every request. */
export const standings = ['new', 'normal', 'restricted', 'banned'] as const
export type Standing = (typeof standings)[number]

/** How many tokens of a class an account may have in a day. */
const dailyTokens: Readonly<Record<TokenClass, Readonly<Record<Standing, number>>>> = {
  message: { new: 8, normal: 64, restricted: 1, banned: 0 },
  'first-contact': { new: 10, normal: 10, restricted: 1, banned: 0 },
}

/** How many tokens come at once, all or none: a number that tells nobody how much an account talks. */
const batchTokens: Readonly<Record<TokenClass, number>> = { message: 8, 'first-contact': 10 }

/** Tokens of the largest batch. */
export const batchTokensMax = Math.max(...Object.values(batchTokens))

/** What an account may have in a day. */
export interface Allowance {
  /** Tokens of each batch, exactly. */
  readonly size: number
  readonly batches: number
}

/** `factor`: the part that strikes have left of it, from 0 to 1. */
export function allowanceOf(tokenClass: TokenClass, standing: Standing, factor: number): Allowance {
  const tokens = Math.floor(dailyTokens[tokenClass][standing] * factor)
  const size = Math.min(batchTokens[tokenClass], tokens)
  return { size, batches: size === 0 ? 0 : Math.floor(tokens / size) }
}

/** The number of a UTC day: what quotas are counted by. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS)
}

/** How long the day still lasts, in ms. */
export function untilNextDayMs(nowMs: number): number {
  return (dayOf(nowMs) + 1) * DAY_MS - nowMs
}

const DAY_MS = 86_400_000
