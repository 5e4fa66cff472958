import type { ExchangeCount, SignedReceipt } from '../receipts/receipt.ts'
import type { Suites } from '../metadata/suites.ts'
import { everybodysSuites, utc } from './requirements-input.ts'

/** A receipt as a table. Everything in it passed the schema, so it is safe for a terminal. */
export function receiptText({ receipt, digest, kid }: SignedReceipt): string {
  const { provider, peer, seq, prev, from, issuedAt, document, interruptions } = receipt
  const suites = everybodysSuites()
  const rows: readonly (readonly [string, string])[] = [
    ['receipt', digest],
    ['provider', provider],
    ['peer', peer],
    ['day', `${utcDay(from * 1_000)}, in UTC`],
    ['number', `${seq}, follows ${prev ?? 'nothing'}`],
    ['signed', `${utc(issuedAt * 1_000)} by ${kid}`],
    ['document', document],
    [
      'missing',
      interruptions === 0
        ? 'nothing'
        : `maybe what passed in the last moments before each of ${interruptions} interruptions`,
    ],
  ]
  return [
    ...rows.map(([name, value]) => `${name.padEnd(12)} ${value}\n`),
    ...receipt.terms.flatMap(({ agreement, suite, exchanges }) => [
      `\nunder ${agreement === null ? 'no agreement' : `agreement ${agreement}`}, suite ${suiteName(suite, suites)}\n`,
      ...exchanges.map((row) => exchangesText(row, peer)),
    ]),
  ].join('')
}

/** `2026-01-31` */
export function utcDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

/** A code as people know it. */
export function suiteName(code: number, suites: Suites): string {
  const hex = `0x${code.toString(16).toUpperCase().padStart(4, '0')}`
  const name = suites.suiteByCode(code)?.name
  return name === undefined ? hex : `${hex} ${name}`
}

function exchangesText(row: ExchangeCount, peer: string): string {
  const { kind, operation, part, audience, count, fields } = row
  const whole = `${operation} ${part}`
  const who = {
    shown: `shown to ${peer} as ${audience}`,
    unanswered: `sent to ${peer} as ${audience}, without an answer`,
    received: `received from ${peer} as ${audience}`,
  }[kind]
  return [
    `  ${who}: ${whole}, ${count}\n`,
    ...fields.map(({ field, form, count: times }) => {
      return `    ${field.padEnd(22)} ${form.padEnd(16)} ${times}\n`
    }),
  ].join('')
}
