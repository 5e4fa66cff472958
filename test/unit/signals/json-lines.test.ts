import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { jsonLinesTo } from '../../../src/signals/json-lines.ts'

test('a stream gets one object a line', async () => {
  const stream = new PassThrough()
  await jsonLinesTo(stream)([{ a: 'two\nlines' }, { b: 2 }])
  expect(String(stream.read())).toBe('{"a":"two\\nlines"}\n{"b":2}\n')
})

test('what a stream does not take is not written', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  stream.on('error', () => {})
  await expect(jsonLinesTo(stream)([{ a: 1 }])).rejects.toThrow('EPIPE')
})
