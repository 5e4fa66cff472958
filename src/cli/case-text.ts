import type {
  AppealView,
  AttachmentView,
  BulkView,
  CaseDetailView,
  CaseListView,
  DisclosureView,
} from './cases-client.ts'

/**
 * Other people's words for a terminal: what is no printable character is shown by its number, so that
 * nothing of it moves the cursor, turns the text around or looks like our own lines.
 */
export function plain(text: string): string {
  return text.replaceAll(
    UNPRINTABLE,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** One line of a queue. */
export function caseLine(shown: CaseListView['cases'][number]): string {
  const held = shown.holder === undefined ? '' : ` by ${shown.holder}`
  const marks = [...(shown.brigading ? ['brigading'] : []), ...(shown.held ? ['legal hold'] : [])]
  return (
    `${shown.id}  ${shown.priority.toFixed(2).padStart(7)}  due ${time(shown.dueAtMs)}  ` +
    `${shown.queue}/${shown.category}  ${shown.phase}${held}  ` +
    `${shown.reports} reports (${shown.verified} verified) of ${shown.reporters}  ` +
    `about ${plain(shown.subject)}${marks.map((mark) => `  [${mark}]`).join('')}\n`
  )
}

/** A case with all that happened to it. */
export function caseText(detail: CaseDetailView): string {
  const { case: shown, events, providers, decisions, sanctions, appeals, related } = detail
  const lines = [
    caseLine(shown).trimEnd(),
    `room ${plain(shown.room)}`,
    `reports ${detail.reports.map(({ id, result }) => `${id} (${result})`).join(', ')}`,
    ...detail.messages.map((message) => `message ${message}`),
    ...providers.map(
      ({ provider, reporters, weight }) =>
        `from ${plain(provider)}: ${reporters} reporters, weight ${weight.toFixed(2)}`,
    ),
    ...events.map(({ atMs, by, kind, note }) => {
      const said = typeof note === 'string' && note !== '' ? `: ${plain(note)}` : ''
      return `${time(atMs)} ${kind} by ${by}${said}`
    }),
    ...decisions.map(
      ({ id, state, statement }) =>
        `decision ${id} ${state}: ${statement.outcome}, ${statement.category}: ${plain(statement.facts)}`,
    ),
    ...sanctions.map(({ id, kind, emission }) => `sanction ${id} ${kind}: ${emission}`),
    ...appeals.map((appeal) => appealLine(appeal).trimEnd()),
    ...related.map((id) => `see also ${id}`),
  ]
  return `${lines.join('\n')}\n`
}

export function appealLine({ id, case: about, state, filedAtMs, words }: AppealView): string {
  return `appeal ${id} ${state}  filed ${time(filedAtMs)}  about ${about}: ${plain(words)}\n`
}

/** One line for an attachment that was opened, without what it shows. */
export function attachmentLine({ bytes, sha256, mediaType }: AttachmentView): string {
  const looksLike = mediaType ?? 'of no known type'
  return `as it was sent: ${looksLike}, ${bytes} octets, SHA-256 ${sha256}\n`
}

/** A decision about many cases, line by line. */
export function bulkText({ bulk, lines }: BulkView): string {
  const shown = lines.map(({ case: id, result, subject = '', restrictions }) => {
    const outcome = typeof result === 'string' ? result : result.code
    const effects = restrictions.map(
      ({ kind, target, reversibility }) =>
        `  ${kind} ${plain(target)} (undone: ${reversibility})\n`,
    )
    return `${id}  ${outcome}  ${plain(subject)}\n${effects.join('')}`
  })
  return `${shown.join('')}${bulk === undefined ? '' : `undo all: postern cases undo ${bulk}\n`}`
}

/** One line for what was given to an authority. */
export function disclosureLine(given: DisclosureView): string {
  const { report, authority, basis, policies, by, atMs } = given
  return `${report}  ${time(atMs)}  to ${authority} by ${by}: ${plain(basis)} (${policies.join(', ')})\n`
}

/** JSON for people; line breaks are its own. */
export function plainJson(value: object): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(plain).join('\n')
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}

/** Controls, marks of direction and format, what has no character, and lines of their own. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu
