import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const rows = readFileSync('docs/divergences.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| (15|B|C)\./.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))

test('every reading of the draft has its file and its test', () => {
  expect(rows.length).toBeGreaterThan(20)
  const paths = rows.flatMap(([, , , file = '', named = '']) => [file, named])
  expect(paths.filter((path) => !existsSync(path.replaceAll('`', '')))).toEqual([])
})

test('every reading has an id of its own', () => {
  const ids = rows.map(([id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
})
