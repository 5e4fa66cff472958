import { parseArgs } from 'node:util'
import { sectionNames, type SectionName } from './sections/section.ts'

/** The rows by letter; `e0` are the bare sends that `e` is held against. */
export const rowNames = ['a', 'b', 'b2', 'c', 't', 'd', 'e', 'e0'] as const
export type RowName = (typeof rowNames)[number]

export interface BenchOptions {
  readonly rows: ReadonlySet<RowName>
  readonly sections: readonly SectionName[]
  readonly json: boolean
  /** Rounds at full load, and as many at a fixed rate. */
  readonly rounds: number
  readonly roundMs: number
  readonly warmUpMs: number
  /** Where the measured Node processes write CPU profiles. */
  readonly profileDirectory: string | undefined
}

/** `--quick`, `--only c,d,rooms`, `--json`, `--rounds N`, `--profile DIRECTORY`. Throws on anything else. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const { quick, json, only, rounds, profile } = values
  const wanted = only === undefined ? ALL : only.split(',').map(parseName)
  const defaults = quick ? QUICK : WHOLE
  return {
    ...defaults,
    rows: new Set(rowNames.filter((name) => wanted.includes(name))),
    sections: sectionNames.filter((name) => wanted.includes(name)),
    json,
    rounds: rounds === undefined ? defaults.rounds : parseCount(rounds),
    profileDirectory: profile,
  }
}

function parseName(text: string): RowName | SectionName {
  const known = ALL.find((name) => name === text.trim())
  if (known === undefined) throw new Error(`--only knows ${ALL.join(', ')}`)
  return known
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= ROUNDS_MAX) return count
  throw new Error(`--rounds takes a number from 1 to ${ROUNDS_MAX}`)
}

const ALL = [...rowNames, ...sectionNames] as const
const WHOLE = { rounds: 6, roundMs: 1_200, warmUpMs: 3_000 }
const QUICK = { rounds: 3, roundMs: 600, warmUpMs: 1_500 }
const ROUNDS_MAX = 100
