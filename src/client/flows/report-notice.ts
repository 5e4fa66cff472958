import { ClientError, demand } from '../errors.ts'
import type { ReportNotice } from './client-event.ts'

/** What our provider tells moderators of a report. Throws `invalid-answer`. docs/reference-ds.md */
export function reportNoticeOf(room: string, body: Buffer): ReportNotice {
  const fields = fieldsOf(body)
  const text = (name: string): string => {
    const field = fields[name]
    demand(typeof field === 'string', 'invalid-answer')
    return field
  }
  const { messageIds } = fields
  demand(Array.isArray(messageIds), 'invalid-answer')
  return {
    kind: 'report-notice',
    room,
    noticeId: text('id'),
    subject: text('subject'),
    category: text('category'),
    verification: text('verification'),
    distinctReporters: text('distinctReporters'),
    timeBucket: text('timeBucket'),
    messageIds: messageIds.map(messageIdOf),
  }
}

function fieldsOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(body.toString('utf8'))
    demand(typeof fields === 'object' && fields !== null, 'invalid-answer')
    return { ...fields }
  } catch (cause) {
    throw new ClientError('invalid-answer', { cause })
  }
}

function messageIdOf(id: unknown): Buffer {
  demand(typeof id === 'string' && MESSAGE_ID.test(id), 'invalid-answer')
  return Buffer.from(id, 'hex')
}

const MESSAGE_ID = /^[0-9a-f]{64}$/
