import { expect, test } from 'vitest'
import { decode, type Codec } from '../../../../src/wire/codec.ts'
import { readHeader, mlsMessage } from '../../../../src/wire/mls/header.ts'
import { capabilitiesCodec } from '../../../../src/wire/mls/capabilities.ts'
import { extensionsCodec } from '../../../../src/wire/mls/extension.ts'
import { mlsMessageCodec } from '../../../../src/wire/mls/message.ts'
import { ratchetTreeCodec } from '../../../../src/wire/mls/ratchet-tree.ts'
import { commitCodec } from '../../../../src/wire/mls/commit.ts'
import { anyCodec } from '../../../support/any-codec.ts'

const MIB = 1_048_576

/** A four-byte vector length. */
function length(bytes: number): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32BE((0x8000_0000 + bytes) >>> 0)
  return prefix
}

function vector(element: Buffer, count: number): Buffer {
  return Buffer.concat([
    length(element.length * count),
    Buffer.alloc(element.length * count, element),
  ])
}

const hostile: readonly (readonly [string, Codec<unknown>, Buffer])[] = [
  [
    'a Welcome with 350,000 empty secrets',
    anyCodec(mlsMessageCodec),
    Buffer.concat([
      Buffer.from('000100030001', 'hex'),
      vector(Buffer.alloc(3), 350_000),
      Buffer.alloc(1),
    ]),
  ],
  [
    '524,288 cipher suites',
    anyCodec(capabilitiesCodec),
    Buffer.concat([Buffer.alloc(1), vector(Buffer.from('0001', 'hex'), MIB / 2)]),
  ],
  ['1,048,576 blank tree nodes', anyCodec(ratchetTreeCodec), vector(Buffer.alloc(1), MIB)],
  ['350,000 empty extensions', anyCodec(extensionsCodec), vector(Buffer.alloc(3), 350_000)],
  [
    '524,288 proposal references',
    anyCodec(commitCodec),
    vector(Buffer.from('0200', 'hex'), MIB / 2),
  ],
]

test.each(hostile)('%s are refused by count, at once', (_, codec, bytes) => {
  const start = performance.now()
  expect(() => decode(codec, bytes)).toThrow('limit-exceeded')
  expect(performance.now() - start).toBeLessThan(250)
})

test('a length of 1 GiB that is not there is refused before anything is allocated', () => {
  for (const wireFormat of ['0001', '0002', '0003', '0004', '0005']) {
    const bytes = Buffer.from(`0001${wireFormat}bfffffff`, 'hex')
    expect(() => readHeader(bytes)).toThrow(
      /limit-exceeded|truncated|unsupported-version|varint-too-long/,
    )
    expect(() => decode(mlsMessage, bytes)).toThrow(
      /limit-exceeded|truncated|unsupported-version|varint-too-long/,
    )
  }
})
