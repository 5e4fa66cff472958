/** Rows in columns. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** `5/s`; slow ones as one in so many seconds. */
export function rateText(perSecond: number): string {
  return perSecond >= 1 ? `${round(perSecond)}/s` : `1 in ${round(1 / perSecond)} s`
}

/** At most two decimals. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
