import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mayImport } from '../../../architecture.ts'

test('the threat model names only tests that exist', () => {
  const text = readFileSync('docs/threat-model/README.md', 'utf8')
  const named = [...text.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
  expect(named.length).toBeGreaterThan(0)
  expect(named.filter((path) => !existsSync(path))).toEqual([])
})

test('docs/architecture.md describes every folder of architecture.ts', () => {
  const text = readFileSync('docs/architecture.md', 'utf8')
  expect(Object.keys(mayImport).filter((folder) => !text.includes(`\`${folder}/\``))).toEqual([])
})

const decisions = readdirSync('docs/decisions').filter((name) => /^\d{4}-/.test(name))

test('decisions are numbered without gap', () => {
  expect(decisions.map((name) => Number(name.slice(0, 4)))).toEqual(
    decisions.map((_, at) => at + 1),
  )
})

test.each(decisions)('%s has context, decision and consequences', (name) => {
  const text = readFileSync(`docs/decisions/${name}`, 'utf8')
  for (const heading of ['## Context', '## Decision', '## Consequences'])
    expect(text).toContain(heading)
})

test('npm scripts that documents name exist', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const file of ['README.md', 'CONTRIBUTING.md', 'docs/operations/README.md']) {
    const named = [...readFileSync(file, 'utf8').matchAll(/npm run (?:-s )?([a-z0-9:-]+)/g)]
    expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([])
  }
})
