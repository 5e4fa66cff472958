import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { anchorsOf, markdownFiles, relativeLinks } from '../../support/markdown.ts'

test.each(markdownFiles())('%s links only to what exists', (file) => {
  const broken = relativeLinks(readFileSync(file, 'utf8')).filter((link) => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)))
    if (!existsSync(target)) return true
    if (anchor === undefined || !target.endsWith('.md')) return false
    return !anchorsOf(readFileSync(target, 'utf8')).has(anchor)
  })
  expect(broken).toEqual([])
})

test('anchors are found as GitHub makes them', () => {
  const anchors = anchorsOf('# A `b` C\n\n## What, now?\n\n## What, now?\n\n```\n# no\n```\n')
  expect([...anchors]).toEqual(['a-b-c', 'what-now', 'what-now-1'])
})

test('links are found, URLs and code are not', () => {
  const links = relativeLinks(
    '[a](b.md) [c](https://d) ![e](f.png)\n\n[g]: h.md\n\n```\n[i](j)\n```\n',
  )
  expect(links).toEqual(['b.md', 'f.png', 'h.md'])
})
