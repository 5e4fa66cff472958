import type { SanctionView } from '../admin/sanctions-api.ts'

/** One sanction in one line. */
export function sanctionLine({ sanction, state, note }: SanctionView): string {
  const { id, kind, room } = sanction
  const why = note === undefined ? '' : `  (${note})`
  return `${id}  ${kind.padEnd(14)}  ${(words[state] ?? state).padEnd(18)}  ${room}${why}\n`
}

/** All that is known of one. */
export function sanctionText(view: SanctionView): string {
  const { sanction, state, note, result, dropped, updatedAtMs } = view
  const { id, kind, ...fields } = sanction
  const lines: [string, unknown][] = [
    ['id', id],
    ['kind', kind],
    ['state', words[state] ?? state],
    ['note', note],
    ...Object.entries(fields),
    ['delivery service', result],
    ['copies dropped', dropped === 0 ? undefined : dropped],
    ['changed', new Date(updatedAtMs).toISOString()],
  ]
  return lines
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(18)}${shown(name, value)}\n`)
    .join('')
}

function shown(name: string, value: unknown): string {
  if (name.endsWith('AtMs') && typeof value === 'number') return new Date(value).toISOString()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const words: Readonly<Record<string, string>> = {
  'enforced-at-hub': 'enforced at hub',
  'waiting-for-commit': 'waiting for commit',
  'in-group-state': 'in group state',
}
