import type { FieldDeclaration } from '../../model/adapter.ts'
import { audiences, type Audience, type Enforcement } from '../../model/metadata.ts'
import { excess, type ExcessEntry } from '../excess.ts'
import { fields } from '../fields.ts'
import { glossary } from '../glossary.ts'
import { descriptions, escapeHtml, howSure, htmlPage, list, section } from '../html.ts'
import { suitesOfDocument } from '../negotiate.ts'
import { suiteEntry, type Suite } from '../suite.ts'
import type { Suites } from '../suites.ts'
import { formWords, keptWords } from '../words.ts'
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
  const title = `Metadata requirements of ${document.provider}`
  const main = [
    `<h1>${escapeHtml(title)}</h1>`,
    '<p>What this provider asks for and shows when its users talk with users of other providers. Messages are encrypted end to end and no part of it, but for what a user reports.</p>',
    facts(signed),
    suiteList('In its own rooms it offers', document.asHub, suites),
    suiteList("In other providers' rooms it accepts", document.asFollower, suites),
    howSure,
    ...suites.map((suite) => suiteSection(suite, declarations)),
    glossary(suites.flatMap((suite) => excess(suite, declarations)).map(({ field }) => field)),
    `<footer><p>Document ${document.seq}, SHA-256 <code>${digest}</code>. Programs get it signed from this address.</p></footer>`,
  ]
  return htmlPage({ title, main: main.join('\n') })
}

function facts({ document }: SignedDocument): string {
  const { issuedAt, expiresAt, retention, regions, protocolDrafts, reports, contact } = document
  return descriptions([
    ['Valid', `${time(issuedAt)} to ${time(expiresAt)}`],
    [
      'Kept at most',
      `${keptWords(retention.deliveryDays)} to deliver, ${keptWords(retention.moderationDays)} to moderate, ${keptWords(retention.complianceDays)} in its journal`,
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
  ])
}

function suiteList(title: string, codes: readonly number[], suites: readonly Suite[]): string {
  const known = codes.flatMap((code) => suites.find((suite) => suite.code === code) ?? [])
  const id = title.replaceAll(/[^a-z]/gi, '').toLowerCase()
  const items = known.map(
    ({ code, name, summary }) =>
      `<a href="#suite-${code}">${escapeHtml(name)}</a>: ${escapeHtml(summary)}`,
  )
  return section(id, title, items.length === 0 ? '<p>Nothing.</p>' : list(items, 'ol'))
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
<thead><tr><th scope="col">What</th><th scope="col">Form</th><th scope="col">How sure</th></tr></thead>
<tbody>
${rows}
</tbody></table>`,
    ]
  })
  const nothing = '<p>Nothing beyond what the protocol cannot help showing.</p>'
  const code = suite.code.toString(16).toUpperCase().padStart(4, '0')
  return section(
    id,
    `${escapeHtml(suite.name)} <small>0x${code}</small>`,
    `<p>${escapeHtml(suite.summary)} Beyond what the protocol cannot help showing:</p>
${parts.length === 0 ? nothing : parts.join('\n')}`,
  )
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
      ? formWords(field, floor, width)
      : `${kind === 'required' ? `${formWords(field, floor, width)} up to ` : 'up to '}${formWords(field, ceiling, width)}`
  const when = kind === 'required' ? 'always' : "where the operator's policies permit"
  return `<tr><th scope="row">${escapeHtml(fields[field].title)} <code>${field}</code><small>Kept ${keptWords(retentionDays)}. Shown ${when}; the protocol alone: ${formWords(field, wireFloor)}.</small></th>
<td>${range}</td>
<td>${enforcements(entry, declarations).join('<br>')}</td></tr>`
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

const PARTIES: Readonly<Record<Audience, string>> = {
  hub: "To the room's hub",
  follower: 'To a follower',
  target: 'To the other provider of a consent, a query or a request for key material',
  archive: "In the operator's own journal",
}
