import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { recordSpans } from '../../../src/signals/span-recorder.ts'
import { withSpan } from '../../../src/signals/spans.ts'

test('a recorder has every span that ended, with its attributes and its fault as a code', async () => {
  using recorder = recordSpans()
  await withSpan('exchange', { size: 3 }, (tell) => Promise.resolve(tell({ count: 2 })))
  const refusal = new GatewayError('not-a-participant')
  await expect(withSpan('refused', {}, () => Promise.reject(refusal))).rejects.toThrow(refusal)
  expect(recorder.take()).toEqual([
    { name: 'exchange', attributes: { size: 3, count: 2 }, status: '', events: [] },
    { name: 'refused', attributes: {}, status: 'not-a-participant', events: [] },
  ])
  expect(recorder.take()).toEqual([])
})

test('two recorders at once would miss spans of each other', () => {
  using recorder = recordSpans()
  expect(() => recordSpans()).toThrow('elsewhere')
  expect(recorder.take()).toEqual([])
})

test('after a recorder another one can follow', async () => {
  recordSpans()[Symbol.dispose]()
  using second = recordSpans()
  await withSpan('exchange', {}, () => Promise.resolve())
  expect(second.take()).toHaveLength(1)
})
