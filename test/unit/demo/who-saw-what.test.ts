import { expect, test } from 'vitest'
import { secrets } from '../../../demo/cast.ts'
import { Eye } from '../../../demo/eye.ts'
import type { Crossing } from '../../../demo/recording.ts'
import { renderTable } from '../../../demo/table.ts'
import { whoSawWhat } from '../../../demo/who-saw-what.ts'
import {
  delivery,
  keyMaterial,
  notice,
  recorded,
  sample,
  submission,
} from '../../support/crossings.ts'

const exhausted = 'keyMaterialExhausted'

function rowsOf(...crossings: readonly Crossing[]) {
  const all = recorded(...crossings)
  return whoSawWhat(all, new Eye(secrets, all))
}

function formOf(observer: string, field: string, crossings: readonly Crossing[]) {
  return rowsOf(...crossings).find((row) => row.observer === observer && row.field === field)?.form
}

test('a field has the most exposing form that was seen, and how often each was', () => {
  const rows = rowsOf(submission(), submission(), submission({ sender: sample.bob }))
  const sender = rows.find(({ field }) => field === 'sender.user')
  expect(sender).toEqual({
    suite: 'moderated-pseudonyms',
    operation: 'submitMessage',
    part: 'request',
    observer: 'a.example',
    role: 'hub',
    field: 'sender.user',
    form: 'exact',
    forms: { exact: 1, 'pseudonym-room': 2 },
  })
})

test('a pseudonym that another room has too is none of the room', () => {
  const both = [submission(), submission({ room: sample.otherRoom })]
  expect(formOf('a.example', 'sender.user', both)).toBe('pseudonym-peer')
})

test('a follower sees no sender, unless some octets name one', () => {
  expect(formOf('c.example', 'sender.user', [delivery('c.example')])).toBe('absent')
  const leak = delivery('c.example', { headers: ['X-Sender', sample.bob] })
  expect(formOf('c.example', 'sender.user', [leak])).toBe('exact')
  expect(formOf('c.example', 'sender.network', [leak])).toBe('exact')
})

test('a request that was refused was seen all the same', () => {
  expect(formOf('a.example', 'sender.user', [submission({ status: 429 })])).toBe('pseudonym-room')
})

test.each([
  ['exact', 'all of them', keyMaterial('success', ['success'])],
  ['exact', 'all of them, one without', keyMaterial('partialSuccess', ['success', exhausted])],
  ['bucket', 'some of them', keyMaterial('partialSuccess', ['success'])],
  [undefined, 'none of them', keyMaterial('noConsent', [])],
] as const)('the clients of a user are shown as %s by an answer with %s', (form, _, asked) => {
  expect(formOf('b.example', 'client.list', [asked])).toBe(form)
})

test('the table has a block per operation, a column per provider and role, a line per field', () => {
  const rows = rowsOf(submission(), delivery('b.example'), delivery('c.example'))
  const text = renderTable(rows, (_, part) => part)
  const [submitted = '', delivered = ''] = text.split('\n\n')
  expect(submitted).toMatch(/^submitMessage +moderated-pseudonyms\n/)
  expect(submitted).toMatch(/\n {2}sender\.user +pseudonym +\.\n/)
  expect(submitted).toMatch(/\n {2}message\.time \(stamp\) +\. +bucket\n/)
  expect(delivered).toMatch(/\n {2}sender\.user +absent +absent\n/)
})

test('the table marks a cell that stands for less at other times', () => {
  const rows = rowsOf(submission(), submission({ sender: sample.bob }))
  expect(renderTable(rows, (_, part) => part)).toMatch(/\n {2}sender\.user +exact\*/)
})

test('the sender’s provider sees of a notice whom it is about, and neither reporter nor room', () => {
  const notices = [notice()]
  expect(formOf('c.example', 'report.subject', notices)).toBe('pseudonym-room')
  for (const field of ['report.reporter', 'report.evidence', 'message.frankingTag', 'room.id'])
    expect(formOf('c.example', field, notices)).toBe('absent')
  const leaking = [notice({ hub_action: 'b.example' })]
  expect(formOf('c.example', 'report.reporter', leaking)).toBe('exact')
})
