import type { NoticeList, NoticeView, RouteList } from '../admin/notices-api.ts'

/** One line for a notice of ours. */
export function sentLine(notice: NoticeList['sent'][number]): string {
  const { id, type, peer, state, createdAtMs, about, policies, answerByMs } = notice
  const why = policies.length === 0 ? '' : `  because ${policies.join(', ')}`
  const until = WAITING.has(state) && answerByMs !== undefined ? ` until ${minute(answerByMs)}` : ''
  return `${id}  ${type.padEnd(7)}  to ${peer}  ${state}${until}  ${minute(createdAtMs)}  about ${about}${why}\n`
}

/** One line for what moderators of a room were told. */
export function toldLine({ atMs, moderators, policies }: NonNullable<RouteList['told']>): string {
  return `moderators of the room (${moderators})  ${minute(atMs)}  because ${policies.join(', ')}\n`
}

/** One line for a notice that came. */
export function receivedLine(notice: NoticeList['received'][number]): string {
  const { id, type, peer, state, receivedAtMs, answerByMs } = notice
  const until = WAITING.has(state) && answerByMs !== undefined ? ` until ${minute(answerByMs)}` : ''
  return `${id}  ${type.padEnd(7)}  from ${peer}  ${state}${until}  ${minute(receivedAtMs)}\n`
}

/** What our own log says of the messages that came along. */
export function checkText(check: NonNullable<NoticeView['check']>): string {
  if (check.kind === 'unreadable') return `evidence: unreadable, ${check.reason}\n`
  const { messages, leftOut } = check
  const more = leftOut === 0 ? '' : `evidence: ${leftOut} more found no place in the notice\n`
  const lines = messages.map(
    ({ messageId, result, method }) => `evidence: message ${messageId}  ${result} by ${method}\n`,
  )
  return [...lines, more].join('')
}

/** One line for somebody who opened it. */
export function openingLine({ by, atMs }: NonNullable<NoticeView['openings']>[number]): string {
  return `evidence opened by ${by}  ${minute(atMs)}\n`
}

function minute(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

const WAITING: ReadonlySet<string> = new Set(['queued', 'received', 'under_review'])
