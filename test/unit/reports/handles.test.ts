import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { createHandles, REPORTER_HANDLE_MS } from '../../../src/reports/handles.ts'

const handles = createHandles(createSecretKey(Buffer.alloc(32, 7)))
const bob = 'mimi://b.example/u/bob'
const startMs = 5 * REPORTER_HANDLE_MS

test('a reporter keeps a handle for 30 days and then has another one', () => {
  const first = handles.reporter(bob, 'b.example', startMs)
  expect(handles.reporter(bob, 'b.example', startMs + REPORTER_HANDLE_MS - 1)).toBe(first)
  expect(handles.reporter(bob, 'b.example', startMs + REPORTER_HANDLE_MS)).not.toBe(first)
})

test('handles of people, of those who are not named and of subjects are never the same', () => {
  const all = [
    handles.reporter(bob, 'b.example', startMs),
    handles.reporter('mimi://b.example/u/carl', 'b.example', startMs),
    handles.reporter(undefined, 'b.example', startMs),
    handles.reporter(undefined, 'c.example', startMs),
    handles.subject(bob),
  ]
  expect(new Set(all).size).toBe(all.length)
})
