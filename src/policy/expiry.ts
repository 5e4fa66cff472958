/**
 * When a grant ends that is annotated `@expires("2027-01-31")`: at the start of that day, UTC. In
 * milliseconds since the Unix epoch; undefined for anything that is no such date.
 */
export function expiryOf(date: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined
  const startMs = Date.parse(`${date}T00:00:00Z`)
  // 31 February is a day of March to some readers, and none to others.
  const isDay = !Number.isNaN(startMs) && new Date(startMs).toISOString().startsWith(date)
  return isDay ? startMs : undefined
}
