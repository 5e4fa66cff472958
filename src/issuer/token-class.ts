/** What tokens are for. Each class has keys and a quota of its own. */
export const tokenClasses = ['message', 'first-contact'] as const
export type TokenClass = (typeof tokenClasses)[number]

/** What the provider thinks of an account; it says so at every request. */
export const standings = ['new', 'normal', 'restricted', 'banned'] as const
export type Standing = (typeof standings)[number]

/** How many tokens of a class an account gets in a day: all of them in one batch, or none. */
export const batchSizes: Readonly<Record<TokenClass, Readonly<Record<Standing, number>>>> = {
  message: { new: 8, normal: 64, restricted: 1, banned: 0 },
  'first-contact': { new: 10, normal: 10, restricted: 1, banned: 0 },
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
