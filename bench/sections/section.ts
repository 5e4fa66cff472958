/** A part of the table that is measured within one process, of its own. */
export interface Section {
  readonly title: string
  readonly rows: readonly SectionRow[]
  readonly bars: readonly SectionBar[]
  /** What is missing, and why. */
  readonly notes?: readonly string[]
}

export interface SectionRow {
  readonly what: string
  readonly unit: 'µs' | 'ms' | 'MiB' | '/s'
  readonly median: number
  /** Where there are enough values for one. */
  readonly p99?: number | undefined
}

export interface SectionBar {
  readonly what: string
  readonly value: number
  /** `>= 400`, `<= 3 µs` */
  readonly bar: string
  readonly met: boolean
}

/** The program of each section, beside this file. */
export const sectionNames = [
  'policy',
  'rooms',
  'arc',
  'issuer',
  'spent',
  'relay-log',
  'limits',
  'tokens',
  'reports',
] as const
export type SectionName = (typeof sectionNames)[number]

type Unit = '' | SectionRow['unit']

export function atLeast(what: string, value: number, bound: number): SectionBar {
  return { what, value, bar: `>= ${bound}`, met: value >= bound }
}

/** The bound as text, such as `3 µs`; the value is in its unit. */
export function atMost(what: string, value: number, bound: `${number} ${Unit}`): SectionBar {
  return { what, value, bar: `<= ${bound.trim()}`, met: value <= Number.parseFloat(bound) }
}

/** The value below which `share` of them lie; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN
}

/** Hands the section to the process that started this one. */
export function report(section: Section): void {
  if (process.send === undefined)
    throw new Error('run `npm run bench -- --only policy,rooms,reports`')
  process.send(section, () => process.disconnect())
}
