import { styleText } from 'node:util'
import type { Claim } from './claim.ts'
import type { Remark } from './remarks.ts'
import type { CrossedLine, StepResult } from './stage.ts'
import { renderTable, type Paint } from './table.ts'
import type { Row } from './who-saw-what.ts'

export interface PrinterOptions {
  readonly out: (text: string) => void
  /** On a terminal that wants it. */
  readonly colours: boolean
}

/** Shows people the steps as they happen, then what came of them. */
export class Printer {
  private readonly out: (text: string) => void
  private readonly colours: boolean

  constructor({ out, colours }: PrinterOptions) {
    this.out = out
    this.colours = colours
  }

  begin(about: string): void {
    this.out(
      `${this.paint('head', 'Five providers, five gateways, real MLS clients.')}\n${about}\n\n`,
    )
  }

  stepBegins(step: number, title: string): void {
    const text = `${String(step).padStart(2)}  ${title}`.padEnd(TITLE_WIDTH)
    this.out(this.paint('head', text))
  }

  stepEnds({ ok, durationMs, notes, crossings, error }: StepResult): void {
    const verdict = ok ? this.paint('absent', 'ok') : this.paint('exact', 'FAILED')
    this.out(`${verdict}  ${String(durationMs).padStart(5)} ms\n`)
    for (const note of notes) this.out(`      ${note}\n`)
    if (error !== undefined) this.out(`      ${error.replaceAll('\n', '\n      ')}\n`)
    for (const crossing of crossings) this.out(`${this.paint('faint', crossedLine(crossing))}\n`)
    this.out('\n')
  }

  table(rows: readonly Row[]): void {
    this.title('Who saw which field in which form')
    this.out(`${LEGEND}\n\n`)
    this.out(`${renderTable(rows, this.paint)}\n`)
  }

  remarks(remarks: readonly Remark[]): void {
    this.title('What else it gives away, put together')
    for (const { observer, says } of remarks) this.out(`  ${observer}  ${says}\n`)
    this.out('\n')
  }

  claims(claims: readonly Claim[]): void {
    this.title('Held against the same bytes, and against what gateways keep')
    for (const { ok, says, checked, broken } of claims) {
      const verdict = ok ? this.paint('absent', 'holds ') : this.paint('exact', 'BROKEN')
      const where = ok ? '' : ` (${broken.join(', ') || 'nothing to check it on'})`
      this.out(`  ${verdict}  ${String(checked).padStart(3)} x  ${says}${where}\n`)
    }
    this.out('\n')
  }

  /** What the gateways had to say when a step failed. */
  logs(logs: readonly { readonly domain: string; readonly text: string }[]): void {
    for (const { domain, text } of logs)
      if (text !== '') this.out(`The log of ${domain} ends with\n${text}\n\n`)
  }

  stopped(): void {
    this.out('\n\nStopped: the gateways are told to end.\n')
  }

  end({ ok, durationMs }: { readonly ok: boolean; readonly durationMs: number }): void {
    const seconds = (durationMs / 1_000).toFixed(1)
    const verdict = ok ? 'Everything happened as it should' : 'FAILED'
    this.out(`${this.paint(ok ? 'head' : 'exact', verdict)}, in ${seconds} s.\n`)
  }

  private title(text: string): void {
    this.out(`${this.paint('head', `${text}\n${'='.repeat(text.length)}`)}\n\n`)
  }

  private readonly paint: Paint = (form, text) =>
    this.colours ? styleText(STYLES[form], text, { validateStream: false }) : text
}

function crossedLine({ from, to, operation, times, ...sizes }: CrossedLine): string {
  const request = `${times === 1 ? '' : `${times} x `}${octets(sizes.requestBytes / times)}`
  const answer = `${sizes.status}  ${octets(sizes.answerBytes / times)}`
  return `      ${from} -> ${to}  ${operation.padEnd(15)}  ${request.padStart(14)}   ${answer}`
}

function octets(count: number): string {
  const rounded = Math.round(count)
  return rounded < 1_024 ? `${rounded} B` : `${(rounded / 1_024).toFixed(1)} KiB`
}

const STYLES = {
  absent: 'green',
  bucket: 'cyan',
  'pseudonym-epoch': 'blue',
  'pseudonym-room': 'blue',
  'pseudonym-peer': 'magenta',
  exact: 'yellow',
  head: 'bold',
  faint: 'dim',
} as const satisfies Record<Parameters<Paint>[0], Parameters<typeof styleText>[0]>

const TITLE_WIDTH = 78
const LEGEND = `From the octets at the taps, not from declarations. A column is a provider in a role, a line a field,
a cell the most exposing form in which the octets that reached this provider held it:
  exact      as it is                            bucket     one of a few sizes, a whole second, one handle, some clients
  pseudonym  a name that holds in one room       absent     looked for, and not there
  .          nothing of the kind reached it     *          less at other times
An arrival time is by the receiver's own clock. What a provider sees of its own users is not in it.`
