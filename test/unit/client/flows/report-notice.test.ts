import { expect, test } from 'vitest'
import { reportNoticeOf } from '../../../../src/client/flows/report-notice.ts'

const room = 'mimi://a.example/r/lobby'
const told = {
  id: 'ntc-1',
  subject: 'mimi://b.example/u/bob',
  category: 'harassment',
  verification: 'none',
  distinctReporters: '1',
  timeBucket: '2026-11-29',
  messageIds: ['0a'.repeat(32)],
}
const read = (document: unknown) => reportNoticeOf(room, Buffer.from(JSON.stringify(document)))

test('a notice is read with its message ids as octets', () => {
  const { id, ...same } = told
  expect(read(told)).toEqual({
    ...same,
    kind: 'report-notice',
    room,
    noticeId: id,
    messageIds: [Buffer.alloc(32, 10)],
  })
})

test.each([
  ['no object', null],
  ['a list', []],
  ['no subject', { ...told, subject: undefined }],
  ['a category that is no text', { ...told, category: 1 }],
  ['no message ids', { ...told, messageIds: undefined }],
  ['a message id of another length', { ...told, messageIds: ['0a'] }],
])('%s is an invalid answer', (_, document) => {
  expect(() => read(document)).toThrow(expect.objectContaining({ code: 'invalid-answer' }))
})

test('what is no JSON is an invalid answer', () => {
  expect(() => reportNoticeOf(room, Buffer.from('{'))).toThrow(
    expect.objectContaining({ code: 'invalid-answer' }),
  )
})
