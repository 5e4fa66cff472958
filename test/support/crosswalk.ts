import { readFileSync } from 'node:fs'
import { vectorPath } from './vectors.ts'

/** Rows of the crosswalk of categories by column; undefined where the vectors are absent. */
export function crosswalkRows(): readonly ReadonlyMap<string, string>[] | undefined {
  const path = vectorPath('reports/taxonomy/crosswalk.csv')
  return path === undefined ? undefined : rowsOf(path)
}

/** A field in quotes may hold commas. */
function rowsOf(file: string): readonly ReadonlyMap<string, string>[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const names = head.split(',')
  return lines
    .filter((line) => line.includes(','))
    .map((line) => {
      const fields = [...line.matchAll(/("[^"]*"|[^,]*)(,|$)/g)].map(([, field = '']) => field)
      return new Map(names.map((name, at) => [name, fields[at] ?? '']))
    })
}
