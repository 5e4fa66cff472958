import { expect, test } from 'vitest'
import { toJson } from '../../../src/wire/to-json.ts'

test('bytes are hex, uint64 are decimal strings, absent options are null', () => {
  expect(
    toJson({ a: Buffer.from('ff00', 'hex'), b: 2n ** 63n, c: undefined, d: [1, true] }),
  ).toEqual({
    a: 'ff00',
    b: '9223372036854775808',
    c: null,
    d: [1, true],
  })
})

test('a span shows its value once', () => {
  expect(toJson({ value: { epoch: 1n }, bytes: Buffer.of(1) })).toEqual({ epoch: '1' })
})

test('content, notes and secrets are withheld unless they are asked for', () => {
  const report = { note: Buffer.from('bad'), messages: [{ messageContent: Buffer.from('xy') }] }
  expect(toJson(report)).toEqual({
    note: { withheldBytes: 3 },
    messages: [{ messageContent: { withheldBytes: 2 } }],
  })
  expect(toJson(report, { reveal: true })).toEqual({
    note: '626164',
    messages: [{ messageContent: '7879' }],
  })
  expect(toJson({ searchValue: 'älter', joiningCode: undefined })).toEqual({
    searchValue: { withheldBytes: 6 },
    joiningCode: null,
  })
})
