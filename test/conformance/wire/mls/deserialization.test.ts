import { describe, expect, test } from 'vitest'
import { Reader } from '../../../../src/wire/reader.ts'
import { vectorJson } from '../../../support/vectors.ts'

interface Case {
  readonly vlbytes_header: string
  readonly length: number
}
const cases = vectorJson('mls/deserialization.json.gz') as readonly Case[] | undefined

describe.skipIf(cases === undefined)('the official vectors for vector lengths', () => {
  test.each(cases ?? [])('$vlbytes_header is $length bytes', ({ vlbytes_header, length }) => {
    const header = Buffer.from(vlbytes_header, 'hex')
    // The bytes themselves need not be there to check a length of 1 GiB.
    const reader = new Reader(header, 0, header.length + length)
    expect(reader.length(length)).toBe(length)
    expect(reader.position).toBe(header.length)
  })
})
