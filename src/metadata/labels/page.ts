import { fields } from '../fields.ts'
import { glossary } from '../glossary.ts'
import { escapeHtml, howSure, htmlPage, list, section } from '../html.ts'
import { formWords, keptWords } from '../words.ts'
import type { Label, LabelField, LabelPart, LabelRecipient } from './label.ts'
import {
  fieldNames,
  isExcess,
  labelSummary,
  partWords,
  purposeWords,
  recipientWords,
  refusedWords,
  type SummaryPoint,
} from './summary.ts'

/** A label for people: first in words, then one table for each audience. */
export function labelPage(label: Label): string {
  const { about, provider, parts } = label
  const { title, lead, points } = labelSummary(label)
  const main = [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(lead)} Messages are encrypted end to end: nobody but the members reads them, unless a member reports one.</p>`,
    ...(about.kind === 'room' ? [`<p>Room <code>${escapeHtml(about.room)}</code></p>`] : []),
    section('short', 'In short', list(points.map(pointItem))),
    ...parts.map((part, at) => partSection(label, part, at)),
    howSure,
    glossary(parts.flatMap(fieldsOf)),
    `<footer><p>As the gateway of ${escapeHtml(provider)} has it now. What apps and servers of the providers keep by themselves, no gateway sees.</p></footer>`,
  ]
  return htmlPage({ title, main: main.join('\n') })
}

function pointItem({ who, gets }: SummaryPoint): string {
  return `<strong>${escapeHtml(who)}:</strong> ${escapeHtml(gets)}`
}

function fieldsOf({ recipients }: LabelPart): readonly LabelField['field'][] {
  return recipients.flatMap((recipient) => recipient.fields.map(({ field }) => field))
}

function partSection(label: Label, part: LabelPart, at: number): string {
  const { agreements, recipients, place } = part
  const agreed = agreements.map((id) => `<code>${escapeHtml(id)}</code>`).join(', ')
  const terms = agreed === '' ? [] : [`<p>Agreed between the providers: ${agreed}</p>`]
  const tables = recipients.map((recipient) => recipientTables(recipient, place))
  return section(`part-${at}`, escapeHtml(partWords(label, part)), [...terms, ...tables].join('\n'))
}

function recipientTables(recipient: LabelRecipient, place: LabelPart['place']): string {
  const beyond = recipient.fields.filter(isExcess)
  const bare = recipient.fields.filter((one) => !isExcess(one))
  const refused = refusedWords(recipient)
  return `<h3>${escapeHtml(recipientWords(recipient, place))}</h3>
${table('more', 'Beyond the bare minimum', beyond)}
${table('bare', 'What the protocol cannot help showing', bare)}
${refused === '' ? '' : `<p>${escapeHtml(refused)}</p>\n`}<p>Not shown: ${escapeHtml(fieldNames(recipient.withheld))}.</p>`
}

function table(kind: 'more' | 'bare', title: string, rows: readonly LabelField[]): string {
  if (rows.length === 0) return `<p>${title}: nothing.</p>`
  return `<table class="${kind}"><caption>${title}: ${rows.length}</caption>
<thead><tr><th scope="col">What</th><th scope="col">Form</th><th scope="col">How sure</th></tr></thead>
<tbody>
${rows.map(row).join('\n')}
</tbody></table>`
}

function row(shown: LabelField): string {
  const { field, form, width, retentionDays, enforcement } = shown
  const kept = `Kept ${keptWords(retentionDays)}, ${purposeWords(shown)}.`
  return `<tr><th scope="row">${escapeHtml(fields[field].title)}<small>${kept} ${escapeHtml(why(shown))}</small></th>
<td>${formWords(field, form, width)}</td>
<td>${enforcement.join('<br>')}</td></tr>`
}

function why({ cause, because, field, wireFloor }: LabelField): string {
  switch (cause) {
    case 'protocol':
      return because ?? ''
    case 'suite':
      return `The suite requires it; the protocol alone: ${formWords(field, wireFloor)}.`
    case 'policies':
      return `The suite and the operator permit it; the protocol alone: ${formWords(field, wireFloor)}.`
  }
}
