import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { pageSecurityPolicy } from '../../../../src/metadata/html.ts'
import { requirementsPage } from '../../../../src/metadata/requirements/page.ts'
import type { RequirementsDocument } from '../../../../src/metadata/requirements/document.ts'
import { declarations } from '../../../../src/protocols/mimi/declarations.ts'
import { builtIn, privateTable, signed } from '../../../support/requirements.ts'

function pageOf(changes: Partial<RequirementsDocument>): string {
  return requirementsPage({ signed: signed(changes), builtIn, declarations })
}

const full = pageOf({
  asHub: [4, 3, 2, 1, 0x1a1a, 0xf001],
  asFollower: [2],
  suites: [privateTable({ summary: '<b>"Ours" & \'theirs\'</b>' })],
  contact: 'mailto:ops@a.example?subject=a&body=b',
})

test('every suite is there with what it shows beyond the protocol, GREASE is not', () => {
  for (const name of ['bare-minimum', 'moderated-pseudonyms', 'identified', 'compliance'])
    expect(full).toMatch(new RegExp(`<h2 id="suite-\\d+">${name} `))
  expect(full).toContain('0xF001')
  expect(full).not.toContain('0x1A1A')
})

test('what no protocol carries is attested, what a client signs is checked', () => {
  const rows = full.split('<tr>').filter((row) => row.includes('sender.organisation'))
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.filter((row) => row.includes('To')).length).toBe(0)
  expect(rows.some((row) => row.includes('<td>attested</td>'))).toBe(true)
  const tag = full.split('<tr>').find((row) => row.includes('message.frankingTag'))
  expect(tag).toContain('<td>checked</td>')
})

test('nothing that a provider wrote becomes markup', () => {
  expect(full).toContain('&#60;b&#62;&#34;Ours&#34; &#38; &#39;theirs&#39;&#60;/b&#62;')
  expect(full).toContain('href="mailto:ops@a.example?subject=a&#38;body=b"')
})

test('every element is closed where it was opened', () => {
  const open: (string | undefined)[] = []
  const tags = [...full.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)]
  const elements = tags.filter(([, , name]) => name !== 'meta' && name !== 'br')
  const wrong = elements.filter(([, end, name]) =>
    end === '/' ? open.pop() !== name : open.push(name) === 0,
  )
  expect(elements.length).toBeGreaterThan(100)
  expect([...wrong, ...open]).toEqual([])
  expect(elements.filter(([, , , attributes]) => attributes?.includes('<') === true)).toEqual([])
})

test('ids are there once, and links within the page lead to one', () => {
  const ids = [...full.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const targets = [...full.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  const labels = [...full.matchAll(/aria-labelledby="([^"]+)"/g)].map(([, id]) => id)
  expect([...targets, ...labels].filter((id) => !ids.includes(id))).toEqual([])
})

test('it fits a phone: a viewport, no fixed widths, long words break', () => {
  expect(full).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
  expect(full).toContain('overflow-wrap:anywhere')
  expect(full).not.toMatch(/width:\d+px|white-space:nowrap/)
})

test('the policy lets exactly this style sheet through', () => {
  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(full) ?? []
  const digest = createHash('sha256').update(style).digest('base64')
  expect(pageSecurityPolicy()).toContain(`style-src 'sha256-${digest}'`)
})

test('a provider that offers nothing has a page too', () => {
  const empty = pageOf({ asHub: [], asFollower: [], regions: [], protocolDrafts: [] })
  expect(empty.match(/<p>Nothing\.<\/p>/g)).toHaveLength(2)
})
