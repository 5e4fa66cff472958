import type { AgreementView } from '../admin/requirements-api.ts'
import { utc } from './requirements-input.ts'

/** One line for each agreement; one in force that a newer one has followed says so. */
export function agreementTexts(agreements: readonly AgreementView[]): readonly string[] {
  return agreements.map((agreement) => {
    const isFollowed = agreements.some(
      ({ peer, role, state, madeAtMs }) =>
        state === 'live' &&
        peer === agreement.peer &&
        role === agreement.role &&
        madeAtMs > agreement.madeAtMs,
    )
    const isOlder = agreement.state === 'live' && isFollowed
    return `${agreementText(agreement)}${isOlder ? ', a newer one follows it' : ''}\n`
  })
}

function agreementText(agreement: AgreementView): string {
  const { id, peer, role, state, change, suites, expiresAtMs } = agreement
  const rooms = role === 'hub' ? 'in our rooms' : 'in its rooms'
  const waits = state === 'pending' ? `, shows ${MORE[change] ?? change}` : ''
  return `${id}  ${state.padEnd(8)}  ${peer}  ${rooms}  ${suites.join(', ')}  until ${utc(expiresAtMs)}${waits}`
}

const MORE: Readonly<Record<string, string>> = {
  higher: 'more than the one in force',
  incomparable: 'what cannot be compared with the one in force',
}
