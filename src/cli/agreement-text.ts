import type { AgreementView } from '../admin/requirements-api.ts'
import { utc } from './requirements-input.ts'

/** One agreement in one line. */
export function agreementText(agreement: AgreementView): string {
  const { id, peer, role, state, change, suites, expiresAtMs } = agreement
  const rooms = role === 'hub' ? 'in our rooms' : 'in its rooms'
  const waits = state === 'pending' ? `, shows ${MORE[change] ?? change}` : ''
  return `${id}  ${state.padEnd(8)}  ${peer}  ${rooms}  ${suites.join(', ')}  until ${utc(expiresAtMs)}${waits}\n`
}

const MORE: Readonly<Record<string, string>> = {
  higher: 'more than the one in force',
  incomparable: 'what cannot be compared with the one in force',
}
