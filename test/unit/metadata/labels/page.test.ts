import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { pageSecurityPolicy } from '../../../../src/metadata/html.ts'
import { fieldList, fields } from '../../../../src/metadata/fields.ts'
import type { Label } from '../../../../src/metadata/labels/label.ts'
import { labelPage } from '../../../../src/metadata/labels/page.ts'
import { labelSummary } from '../../../../src/metadata/labels/summary.ts'
import { builtInSuite, labelUnder, someLabel } from '../../../support/labels.ts'

const page = labelPage(someLabel)
const wicked = `<img src=x onerror='1'>&"`
const [part] = someLabel.parts
if (part === undefined) throw new Error('no part')

function titlesIn(html: string): string[] {
  return [...html.matchAll(/<th scope="row">([^<]+)<small>/g)].map(([, title = '']) => title)
}

test('nothing that a provider or a user wrote becomes markup', () => {
  const suite = { ...part.suite, name: wicked, summary: wicked }
  const recipients = part.recipients.map((recipient) => ({ ...recipient, providers: [wicked] }))
  const parts = [{ ...part, suite, recipients, agreements: [wicked] }]
  const closed = [{ place: 'our-rooms', provider: wicked, code: 'peer-denied' }] as const
  const room: Label = {
    ...someLabel,
    provider: wicked,
    about: { kind: 'room', room: wicked, hub: wicked },
    parts,
    closed: [...closed],
  }
  for (const label of [room, { ...room, about: { kind: 'peer', peer: wicked } as const }]) {
    const html = labelPage(label)
    expect(html).not.toContain('<img')
    expect(html).not.toContain(`&"`)
    expect(html.split('&#60;img src=x onerror=&#39;1&#39;&#62;&#38;&#34;').length).toBeGreaterThan(
      8,
    )
  }
})

test('each table has a row for each field that its recipient gets, and no other', () => {
  const tables = page.split('<h3>').slice(1)
  expect(tables).toHaveLength(part.recipients.length)
  for (const [at, recipient] of part.recipients.entries()) {
    const expected = recipient.fields.map(({ field }) => fields[field].title.replace("'", '&#39;'))
    expect(titlesIn(tables[at] ?? '').toSorted()).toEqual(expected.toSorted())
  }
})

test('what is beyond the bare minimum stands in a table of its own, before the rest', () => {
  const [tables = ''] = page.split('<h3>').slice(1)
  const [more = '', bare = ''] = tables.split('<table class="bare">')
  const [hub] = part.recipients
  const excess = hub?.fields.filter(({ cause }) => cause !== 'protocol') ?? []
  expect(excess.length).toBeGreaterThan(0)
  expect(more).toContain(`Beyond the bare minimum: ${excess.length}<`)
  expect(titlesIn(more)).toHaveLength(excess.length)
  expect(titlesIn(bare)).toHaveLength((hub?.fields.length ?? 0) - excess.length)
})

test('under the bare minimum there is nothing beyond it, and the page says so', () => {
  const html = labelPage(labelUnder(builtInSuite('bare-minimum')))
  expect(html.match(/Beyond the bare minimum: nothing\.</g)).toHaveLength(4)
})

test('what is refused is said in words', () => {
  const html = labelPage(labelUnder(builtInSuite('moderated-pseudonyms'), () => 'absent'))
  expect(html).toMatch(/Not possible here: .*sending messages/)
})

test('every element is closed where it was opened, and every id is there once', () => {
  const open: (string | undefined)[] = []
  const tags = [...page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)]
  const elements = tags.filter(([, , name]) => name !== 'meta' && name !== 'br')
  const wrong = elements.filter(([, end, name]) =>
    end === '/' ? open.pop() !== name : open.push(name) === 0,
  )
  expect(elements.length).toBeGreaterThan(100)
  expect([...wrong, ...open]).toEqual([])
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('it has no script and no style but the one that its policy names', () => {
  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page) ?? []
  const digest = createHash('sha256').update(style).digest('base64')
  expect(pageSecurityPolicy()).toContain(`default-src 'none'; style-src 'sha256-${digest}'`)
  expect(page).not.toMatch(/<script|<link|<img|style="|javascript:|\son[a-z]+=/)
})

test('the summary names each recipient, its excess, and what nobody gets', () => {
  const { points } = labelSummary(someLabel)
  expect(points).toHaveLength(part.recipients.length + 1)
  expect(points[0]?.who).toBe('a.example, running the room')
  expect(points[0]?.gets).toMatch(
    /^Who sends a message: a pseudonym for one room\. Who is in the room: [^.]*\. \d+ items .*Text of a report\.$/,
  )
  const follower = points.find(({ who }) => who.endsWith('taking part in the room'))
  expect(follower?.gets).toMatch(/^Who sends a message: not shown\. /)
  const shown = new Set(part.recipients.flatMap((one) => one.fields.map(({ field }) => field)))
  const never = fieldList.filter(({ name }) => !shown.has(name)).map(({ title }) => title)
  expect(points.at(-1)).toEqual({ who: 'Shown to none of them', gets: `${never.join('; ')}.` })
})

test('a place in which nothing passes is said, with the reason', () => {
  const closed = [{ place: 'our-rooms', provider: 'b.example', code: 'no-common-suite' }] as const
  const { points } = labelSummary({ ...someLabel, parts: [], closed: [...closed] })
  expect(points).toEqual([
    {
      who: 'b.example, in rooms of a.example',
      gets: 'nothing passes, as the providers have no suite in common.',
    },
  ])
})
