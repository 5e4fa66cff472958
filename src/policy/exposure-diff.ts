import { compiledEngine } from './compiled-engine.ts'
import type { PolicyEngine } from './engine.ts'
import { ladders, NOTHING, type Ladder } from './ladders.ts'
import type { LoadedPolicies } from './load.ts'
import { situations, type Situation } from './situations.ts'
import type { PeerClass } from './vocabulary.ts'

/** Where peers of one class stand with one ladder, for one purpose. */
export interface ExposureCell {
  readonly ladder: string
  readonly peerClass: PeerClass
  /** `admission` for ladders of operations. */
  readonly purpose: string
  /** The most exposing form that any situation reaches, and the policies that permit it there. */
  readonly before: Reached
  readonly after: Reached
  readonly situations: number
  /** Situations in which the new policies show more, and one of them. */
  readonly more: number
  readonly moreWhen: Situation | undefined
  /** Likewise, less. */
  readonly less: number
  readonly lessWhen: Situation | undefined
}

interface Reached {
  readonly form: string
  readonly policies: readonly string[]
}

/** The cells of one policy set: `before` and `after` are the same. */
export function exposureMatrix(loaded: LoadedPolicies): readonly ExposureCell[] {
  return exposureDiff(loaded, loaded)
}

/**
 * Compares two policy sets in every situation that either can tell apart: nothing is sampled. Throws
 * `policy-invalid` where there are too many.
 */
export function exposureDiff(
  before: LoadedPolicies,
  after: LoadedPolicies,
): readonly ExposureCell[] {
  const old = compiledEngine(before)
  const engines: Engines = [old, before === after ? old : compiledEngine(after)]
  return ladders().flatMap((ladder) => {
    const cells = new Map<string, OpenCell>()
    for (const situation of situations(ladder, [before, after])) {
      const { class: peerClass } = situation.principal
      const purpose = 'purpose' in situation.context ? situation.context.purpose : 'admission'
      const key = JSON.stringify([peerClass, purpose])
      const cell = cells.get(key) ?? openCell(ladder, peerClass, purpose)
      cells.set(key, cell)
      count(cell, situation, standingOf(engines, ladder, situation))
    }
    return [...cells.values()].map((cell) => closeCell(cell, ladder, engines))
  })
}

/** Whether any situation of any cell shows more. */
export function exposureRises(cells: readonly ExposureCell[]): boolean {
  return cells.some(({ more }) => more > 0)
}

/** A cell while situations are counted; rungs are counted from the top. */
interface OpenCell {
  readonly peerClass: PeerClass
  readonly purpose: string
  readonly highest: [number, number]
  readonly highestWhen: [Situation | undefined, Situation | undefined]
  situations: number
  more: number
  moreWhen: Situation | undefined
  less: number
  lessWhen: Situation | undefined
}

function openCell({ rungs }: Ladder, peerClass: PeerClass, purpose: string): OpenCell {
  return {
    peerClass,
    purpose,
    highest: [rungs.length, rungs.length],
    highestWhen: [undefined, undefined],
    situations: 0,
    more: 0,
    moreWhen: undefined,
    less: 0,
    lessWhen: undefined,
  }
}

function count(cell: OpenCell, situation: Situation, [before, after]: Standing): void {
  cell.situations += 1
  if (before < cell.highest[0]) {
    cell.highest[0] = before
    cell.highestWhen[0] = situation
  }
  if (after < cell.highest[1]) {
    cell.highest[1] = after
    cell.highestWhen[1] = situation
  }
  if (after < before) {
    cell.more += 1
    cell.moreWhen ??= situation
  }
  if (after > before) {
    cell.less += 1
    cell.lessWhen ??= situation
  }
}

function closeCell(open: OpenCell, { name, rungs }: Ladder, engines: Engines): ExposureCell {
  const { highest, highestWhen, ...cell } = open
  const reached = (which: 0 | 1): Reached => {
    const rung = rungs[highest[which]]
    const situation = highestWhen[which]
    if (rung === undefined || situation === undefined) return { form: NOTHING, policies: [] }
    const { policies } = engines[which].decide({ ...situation, action: rung.action })
    return { form: rung.form, policies }
  }
  return { ladder: name, ...cell, before: reached(0), after: reached(1) }
}

type Engines = readonly [PolicyEngine, PolicyEngine]
type Standing = readonly [number, number]

function standingOf(engines: Engines, ladder: Ladder, situation: Situation): Standing {
  const [before, after] = engines
  const old = rungOf(before, ladder, situation)
  return [old, before === after ? old : rungOf(after, ladder, situation)]
}

/** The highest rung that is permitted, counted from the top; their number where none is. */
function rungOf(engine: PolicyEngine, { rungs }: Ladder, situation: Situation): number {
  const found = rungs.findIndex(
    ({ action }) => engine.decide({ ...situation, action }).decision === 'allow',
  )
  return found === -1 ? rungs.length : found
}
