import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { createHandles, TRACK_MS } from '../../../src/reports/handles.ts'

const handles = createHandles(createSecretKey(Buffer.alloc(32, 7)))
const bob = { uri: 'mimi://b.example/u/bob', provider: 'b.example' }
const carl = { uri: 'mimi://b.example/u/carl', provider: 'b.example' }
const about = { room: 'mimi://a.example/r/club', subject: 'mimi://a.example/u/alice' }
const startMs = 5 * TRACK_MS

test('a reporter is weighed under one handle for 30 days and then under another', () => {
  const first = handles.track(bob, startMs)
  expect(handles.track(bob, startMs + TRACK_MS - 1)).toBe(first)
  expect(handles.track(bob, startMs + TRACK_MS)).not.toBe(first)
})

test('a reporter is counted under one handle about one participant of one room, and others elsewhere', () => {
  const here = handles.reporter(bob, about)
  expect(handles.reporter({ ...bob }, { ...about })).toBe(here)
  expect(handles.reporter(bob, { ...about, room: 'mimi://a.example/r/other' })).not.toBe(here)
  expect(handles.reporter(bob, { ...about, subject: carl.uri })).not.toBe(here)
})

test('handles of people, of those who are not named and of subjects are never the same', () => {
  const names = [bob, carl, { ...bob, uri: undefined }, { uri: undefined, provider: 'c.example' }]
  const all = [
    ...names.map((name) => handles.reporter(name, about)),
    ...names.map((name) => handles.track(name, startMs)),
    handles.subject(bob.uri),
  ]
  expect(new Set(all).size).toBe(all.length)
})
