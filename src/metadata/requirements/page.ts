import { createHash } from 'node:crypto'
import type { FieldDeclaration } from '../../model/adapter.ts'
import { audiences, type Audience, type Enforcement, type Form } from '../../model/metadata.ts'
import { excess, type ExcessEntry } from '../excess.ts'
import { fields } from '../fields.ts'
import { suitesOfDocument } from '../negotiate.ts'
import { suiteEntry, type Suite } from '../suite.ts'
import type { Suites } from '../suites.ts'
import type { SignedDocument } from './signed-document.ts'

export interface PageInput {
  readonly signed: SignedDocument
  readonly builtIn: Suites
  /** Of the protocols in use: they say what no provider can help showing. */
  readonly declarations: readonly FieldDeclaration[]
}

/** A requirements document for people: plain HTML without scripts, for every width. */
export function requirementsPage({ signed, builtIn, declarations }: PageInput): string {
  const { document, digest } = signed
  const codes = [...new Set([...document.asHub, ...document.asFollower])]
  const suites = suitesOfDocument(document, codes, builtIn)
  const name = escapeHtml(document.provider)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Metadata requirements of ${name}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Metadata requirements of ${name}</h1>
<p>What this provider asks for and shows when its users talk with users of other providers. Messages are encrypted end to end and no part of it, but for what a user reports.</p>
${facts(signed)}
${suiteList('In its own rooms it offers', document.asHub, suites)}
${suiteList("In other providers' rooms it accepts", document.asFollower, suites)}
<section aria-labelledby="sure"><h2 id="sure">How sure each promise is</h2>
<dl>
<dt>edited</dt><dd>The gateway writes it, so it can show less.</dd>
<dt>checked</dt><dd>A client signed it: the gateway takes it or refuses it, and cannot change it.</dd>
<dt>attested</dt><dd>A promise about what the other side does. Nobody can check it.</dd>
</dl></section>
${suites.map((suite) => suiteSection(suite, declarations)).join('\n')}
<footer><p>Document ${document.seq}, SHA-256 <code>${digest}</code>. Programs get it signed from this address.</p></footer>
</main>
</body>
</html>
`
}

/** `Content-Security-Policy` of the page: one style sheet by its digest, and nothing else at all. */
export const pageSecurityPolicy = (): string =>
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

function facts({ document }: SignedDocument): string {
  const { issuedAt, expiresAt, retention, regions, protocolDrafts, reports, contact } = document
  const rows = [
    ['Valid', `${time(issuedAt)} to ${time(expiresAt)}`],
    [
      'Kept at most',
      `${days(retention.deliveryDays)} to deliver, ${days(retention.moderationDays)} to moderate, ${days(retention.complianceDays)} in its journal`,
    ],
    ['Regions', listOr(regions, 'not stated')],
    ['Protocols', listOr(protocolDrafts, 'not stated')],
    [
      'Reports of abuse',
      reports === null
        ? 'not taken'
        : `confirmed within ${reports.acknowledgeHours} hours, decided within ${reports.decideHours} hours`,
    ],
    ['Contact', contact === null ? 'not stated' : link(contact)],
  ]
  return `<dl>\n${rows.map(([what, value]) => `<dt>${what}</dt><dd>${value}</dd>`).join('\n')}\n</dl>`
}

function suiteList(title: string, codes: readonly number[], suites: readonly Suite[]): string {
  const known = codes.flatMap((code) => suites.find((suite) => suite.code === code) ?? [])
  const id = title.replaceAll(/[^a-z]/gi, '').toLowerCase()
  const items = known.map(
    ({ code, name, summary }) =>
      `<li><a href="#suite-${code}">${escapeHtml(name)}</a>: ${escapeHtml(summary)}</li>`,
  )
  const list = items.length === 0 ? '<p>Nothing.</p>' : `<ol>\n${items.join('\n')}\n</ol>`
  return `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${list}</section>`
}

function suiteSection(suite: Suite, declarations: readonly FieldDeclaration[]): string {
  const entries = excess(suite, declarations)
  const id = `suite-${suite.code}`
  const parts = audiences.flatMap((audience) => {
    const shown = entries.filter((entry) => entry.audience === audience)
    if (shown.length === 0) return []
    const rows = shown.map((entry) => row(entry, { suite, declarations })).join('\n')
    return [
      `<table><caption>${PARTIES[audience]}</caption>
<thead><tr><th scope="col">What</th><th scope="col">Shown</th><th scope="col">How sure</th></tr></thead>
<tbody>
${rows}
</tbody></table>`,
    ]
  })
  const nothing = '<p>Nothing beyond what the protocol cannot help showing.</p>'
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(suite.name)} <small>0x${suite.code.toString(16).toUpperCase().padStart(4, '0')}</small></h2>
<p>${escapeHtml(suite.summary)} Beyond what the protocol cannot help showing:</p>
${parts.length === 0 ? nothing : parts.join('\n')}</section>`
}

interface RowContext {
  readonly suite: Suite
  readonly declarations: readonly FieldDeclaration[]
}

function row(entry: ExcessEntry, { suite, declarations }: RowContext): string {
  const { field, audience, kind, floor, ceiling, wireFloor, retentionDays } = entry
  const width = suiteEntry(suite, field, audience)?.width
  const range =
    kind === 'required' && floor === ceiling
      ? words(floor, width)
      : `${kind === 'required' ? `${words(floor, width)} up to ` : 'up to '}${words(ceiling, width)}`
  const when = kind === 'required' ? 'always' : "where the operator's policies permit"
  return `<tr><th scope="row">${escapeHtml(fields[field].description)} <code>${field}</code></th>
<td>${range}, ${when}; kept ${days(retentionDays)}. The protocol alone: ${words(wireFloor, undefined)}.</td>
<td>${enforcements(entry, declarations).join(', ')}</td></tr>`
}

/** What no protocol carries travels between gateways, on the word of the sending provider. */
function enforcements(
  { field, audience }: ExcessEntry,
  declarations: readonly FieldDeclaration[],
): readonly Enforcement[] {
  if (audience === 'archive') return ['edited']
  const found = declarations
    .filter((declared) => declared.field === field && declared.audience === audience)
    .map(({ enforcement }) => enforcement)
  return found.length === 0 ? ['attested'] : [...new Set(found)].toSorted()
}

function words(form: Form, width: number | undefined): string {
  if (form !== 'bucket' || width === undefined) return FORMS[form]
  return `${FORMS[form]} (${width.toLocaleString('en')})`
}

function days(count: number): string {
  if (count === 0) return 'until it is answered'
  return count === 1 ? '1 day' : `${count.toLocaleString('en')} days`
}

function time(seconds: number): string {
  const iso = new Date(seconds * 1_000).toISOString()
  return `<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`
}

function listOr(values: readonly string[], nothing: string): string {
  return values.length === 0 ? nothing : values.map(escapeHtml).join(', ')
}

/** The schema lets mailto and https through and nothing else. */
function link(uri: string): string {
  const text = escapeHtml(uri)
  return `<a href="${text}" rel="noreferrer">${text}</a>`
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const PARTIES: Readonly<Record<Audience, string>> = {
  hub: "To the room's hub",
  follower: 'To a follower',
  target: 'To the other provider of a consent, a query or a request for key material',
  archive: "In the operator's own journal",
}

const FORMS: Readonly<Record<Form, string>> = {
  absent: 'not shown',
  bucket: 'a bucket',
  'pseudonym-epoch': 'a pseudonym for one epoch',
  'pseudonym-room': 'a pseudonym for one room',
  'pseudonym-peer': 'a pseudonym for one provider',
  exact: 'exact',
}

const STYLE = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:1rem}
table{width:100%;border-collapse:collapse;margin:0 0 1.5rem}
caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .5rem .4rem 0;border-top:1px solid}
tbody th{font-weight:400;width:40%}
code{font-size:.85em}
dt{font-weight:600}
dd{margin:0 0 .5rem}`
