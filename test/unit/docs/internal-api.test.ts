import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync('docs/internal-api.md', 'utf8')

test('the page has every route of the internal listener', () => {
  const text = readFileSync('docs/internal-api.openapi.json', 'utf8')
  const { paths } = JSON.parse(text) as { paths: Record<string, object> }
  const operation = /^\/internal\/v1\/[a-zA-Z]+\/\{target\}$/
  const missing = Object.keys(paths).filter((path) => {
    const name = path.split('/')[3] ?? ''
    return operation.test(path) ? !page.includes(`\`${name}\``) : !page.includes(path)
  })
  expect(missing).toEqual([])
})

test('the page has every kind and every field of an event', () => {
  const source = readFileSync('src/model/events.ts', 'utf8')
  const kinds = [...source.matchAll(/\| '([a-z.]+)'/g)].map(([, kind]) => `\`${kind}\``)
  const fields = [...source.matchAll(/ {2}readonly (\w+):/g)].map(([, field]) => `\`${field}\``)
  expect(kinds.length).toBeGreaterThan(10)
  expect(fields).toContain('`outcome`')
  expect([...kinds, ...fields].filter((name) => !page.includes(name))).toEqual([])
})

test('the page has every header between the two', () => {
  for (const file of ['src/delivery/upstream.ts', 'src/listener/internal-routes.ts']) {
    const source = readFileSync(file, 'utf8')
    const headers = [...source.matchAll(/'(postern-[a-z-]+)'/gi)].map(([, name = '']) => name)
    const known = page.toLowerCase()
    expect(headers.filter((name) => !known.includes(name.toLowerCase()))).toEqual([])
  }
})
