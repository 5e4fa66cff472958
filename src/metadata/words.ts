import type { FieldName, Form } from '../model/metadata.ts'
import { fields } from './fields.ts'

// What forms and times are called where people read them.

/** A form of a field, with the width of its bucket where that is a number. */
export function formWords(field: FieldName, form: Form, width?: number): string {
  if (form !== 'bucket') return FORMS[form]
  const unit = fields[field].bucket
  if (unit === undefined || unit === 'label') return LABELS[field] ?? 'one of a few values'
  return width === undefined ? 'rounded' : `rounded to ${quantity(width, unit)}`
}

/** For how long something may be kept; 0 days are until the exchange is answered. */
export function keptWords(days: number): string {
  if (days === 0) return 'until it is answered'
  return days === 1 ? '1 day' : `${days.toLocaleString('en')} days`
}

function quantity(width: number, unit: 'milliseconds' | 'octets' | 'count'): string {
  if (unit === 'count') return `groups of ${width.toLocaleString('en')}`
  if (unit === 'octets') return `${width.toLocaleString('en')} bytes`
  const found = TIMES.find(([ms]) => width % ms === 0)
  if (found === undefined) return `${width.toLocaleString('en')} milliseconds`
  const count = width / found[0]
  return count === 1 ? `the ${found[1]}` : `${count.toLocaleString('en')} ${found[1]}s`
}

const FORMS: Readonly<Record<Exclude<Form, 'bucket'>, string>> = {
  absent: 'not shown',
  'pseudonym-epoch': 'a pseudonym until the room next changes',
  'pseudonym-room': 'a pseudonym for one room',
  'pseudonym-peer': 'a pseudonym for one provider',
  exact: 'exact',
}

const LABELS: Readonly<Partial<Record<FieldName, string>>> = {
  'sender.network': 'the country only',
  'contact.query': 'searches for one exact handle only',
  'sender.deviceClass': 'one of a few kinds',
  'sender.country': 'the country',
}

const TIMES = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const
