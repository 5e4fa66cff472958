import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchWriter, readBatch } from '../../../src/sqlite/batch.ts'

const value = fc.oneof(
  fc.constant(null),
  fc.double({ noNaN: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
const statement = fc.record({ text: fc.nat(), parameters: fc.array(value) })
const units = fc.array(fc.array(statement, { minLength: 1 }))

test('a batch gives back the units that went in', () => {
  fc.assert(
    fc.property(units, (input) => {
      const writer = new BatchWriter(new ArrayBuffer(8))
      for (const unit of input) writer.add(unit)
      const { bytes, units: count } = writer.take()
      expect(readBatch(bytes, count)).toEqual(input)
    }),
  )
})

test('a unit with a value that the store cannot hold leaves no trace in the batch', () => {
  fc.assert(
    fc.property(units, (input) => {
      const writer = new BatchWriter(new ArrayBuffer(8))
      for (const unit of input) {
        writer.add(unit)
        expect(() =>
          writer.add([{ text: 1, parameters: ['kept?', undefined as unknown as null] }]),
        ).toThrow(TypeError)
      }
      const { bytes, units: count } = writer.take()
      expect(readBatch(bytes, count)).toEqual(input)
    }),
  )
})
