import type { ExposureCell } from './exposure-diff.ts'
import { NOTHING } from './ladders.ts'
import type { Situation } from './situations.ts'
import { peerClasses } from './vocabulary.ts'

/**
 * A Markdown table: a row for each field and operation, a column for each peer class, the most
 * revealing form and for which purposes.
 */
export function matrixTable(cells: readonly ExposureCell[]): string {
  const names = [...new Set(cells.map(({ ladder }) => ladder))]
  const rows = names.map((name) => {
    const columns = peerClasses.map((peerClass) =>
      cellText(cells.filter((cell) => cell.ladder === name && cell.peerClass === peerClass)),
    )
    return `| ${[name, ...columns].join(' | ')} |`
  })
  return [
    `| | ${peerClasses.join(' | ')} |`,
    `|---|${peerClasses.map(() => '---|').join('')}`,
    ...rows,
  ].join('\n')
}

/** Two to four lines for each cell that changed. */
export function diffLines(changed: readonly ExposureCell[]): readonly string[] {
  return changed.flatMap((cell) => [
    `${cell.ladder}  ${cell.peerClass}  ${cell.purpose}: ${cell.before.form} -> ${cell.after.form}  (of ${cell.situations} situations ${cell.more} show more, ${cell.less} less)`,
    ...witness('more', cell.moreWhen),
    ...witness('less', cell.lessWhen),
  ])
}

function witness(word: string, situation: Situation | undefined): readonly string[] {
  return situation === undefined ? [] : [`    ${word}: ${JSON.stringify(situation)}`]
}

function cellText(cells: readonly ExposureCell[]): string {
  const byForm = Map.groupBy(
    cells.filter(({ after }) => after.form !== NOTHING),
    ({ after }) => after.form,
  )
  if (byForm.size === 0) return NOTHING
  const [only, ...others] = byForm
  if (only !== undefined && others.length === 0 && only[1].length === cells.length) return only[0]
  return [...byForm]
    .map(([form, reached]) => `${form} (${reached.map(({ purpose }) => purpose).join(', ')})`)
    .join('; ')
}
