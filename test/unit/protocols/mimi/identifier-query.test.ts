import { describe, expect, test } from 'vitest'
import type { IdentifierQueryOutcome } from '../../../../src/model/answer.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
  type IdentifierResponse,
  type QueryElement,
} from '../../../../src/wire/mimi/identifier-query.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'

const handle: QueryElement = { searchType: 'handle', searchValue: 'im:alice@a.example' }
const claim: QueryElement = {
  searchType: 'oidcStdClaim',
  claimName: Buffer.from('given_name'),
  searchValue: 'Alice',
}

function body(...queryElements: readonly QueryElement[]): Buffer {
  const idRequestExtensions = { componentData: [] }
  return encode(identifierRequestCodec, { queryElements, idRequestExtensions })
}

function query(bytes = body(handle, claim), domain = 'a.example') {
  return parsed('identifierQuery', domain, bytes)
}

describe('the request', () => {
  test('shows which kinds of search it makes, and of the values a digest only', () => {
    const exchange = query()
    expect(exchange.searchTypes).toEqual(['handle', 'oidcStdClaim'])
    expect(exchange.domain).toBe('a.example')
    const { bytes: _, ...shown } = exchange
    expect(JSON.stringify(shown)).not.toContain('lice')
  })

  test('the digest tells queries apart and ignores what surrounds them', () => {
    const extension = { componentId: 0x8000, data: Buffer.of(1) }
    const withExtension = encode(identifierRequestCodec, {
      queryElements: [handle],
      idRequestExtensions: { componentData: [extension] },
    })
    expect(query(body(handle)).valueDigest).toEqual(query(withExtension).valueDigest)
    expect(query(body(handle)).valueDigest).not.toEqual(query(body(claim)).valueDigest)
  })

  test.each([
    ['no query at all', body(), 'a.example', 'malformed-body'],
    [
      'more elements than allowed',
      body(...Array.from({ length: 65 }, () => handle)),
      'a.example',
      'malformed-body',
    ],
    ['a path that is no domain', body(handle), 'a..example', 'invalid-domain'],
    ['a path that is a user', body(handle), 'mimi://a.example/u/alice', 'invalid-domain'],
  ] as const)('%s is refused', (...[, bytes, domain, code]) => {
    expect(codeOf(() => query(bytes, domain))).toBe(code)
  })
})

function encoded(value: IdentifierResponse) {
  return response(encode(identifierResponseCodec, value))
}

describe('the answer', () => {
  const exchange = query()
  const empty: IdentifierResponse = {
    responseCode: 'notFound',
    uri: [],
    foundProfiles: [],
    idResponseExtensions: { componentData: [] },
  }
  const found: IdentifierResponse = {
    responseCode: 'success',
    uri: ['mimi://a.example/u/alice'],
    foundProfiles: [
      {
        stableUri: 'mimi://a.example/u/alice',
        fields: [
          { fieldSource: 'vcardField', fieldName: 'ORG', fieldValue: Buffer.from('Example') },
        ],
      },
    ],
    idResponseExtensions: { componentData: [{ componentId: 0x8000, data: Buffer.of(1) }] },
  }
  const serialise = (outcome: IdentifierQueryOutcome, original?: IdentifierResponse) =>
    mimiAdapter.serialise(
      exchange,
      { operation: 'identifierQuery', outcome },
      original === undefined ? undefined : encoded(original),
    )

  test.each<IdentifierResponse>([
    found,
    empty,
    { ...empty, responseCode: 'ambiguous' },
    { ...empty, responseCode: 'unsupportedField' },
  ])('$responseCode passes with its own bytes', (value) => {
    const answer = mimiAdapter.parseAnswer(exchange, encoded(value))
    expect(mimiAdapter.serialise(exchange, answer, encoded(value))).toEqual(encoded(value))
  })

  test('a found profile can lose its fields and extensions, not its URI', () => {
    const withheld = { profileFields: 'withheld', unknownComponents: 'withheld' } as const
    const { bytes } = serialise({ kind: 'success', ...withheld }, found)
    expect(decode(identifierResponseCodec, bytes)).toEqual({
      ...found,
      foundProfiles: [{ stableUri: 'mimi://a.example/u/alice', fields: [] }],
      idResponseExtensions: { componentData: [] },
    })
  })

  test('an answer that found nobody loses whom it names all the same', () => {
    const chatty = { ...found, responseCode: 'notFound' } as const
    const { bytes } = serialise({ kind: 'notFound', profileFields: 'withheld' }, chatty)
    expect(decode(identifierResponseCodec, bytes)).toEqual({ ...empty, responseCode: 'notFound' })
  })

  test('what tells who exists can be masked', () => {
    const ambiguous = { ...empty, responseCode: 'ambiguous' } as const
    expect(serialise({ kind: 'notFound' }, ambiguous)).toEqual(encoded(empty))
  })

  test('nothing becomes a success, and a success is not taken back', () => {
    expect(codeOf(() => serialise({ kind: 'success' }, empty))).toBe('internal')
    expect(codeOf(() => serialise({ kind: 'success' }))).toBe('internal')
    expect(codeOf(() => serialise({ kind: 'notFound' }, found))).toBe('internal')
  })

  test('a refusal is forbidden', () => {
    const forbidden = encoded({ ...empty, responseCode: 'forbidden' })
    expect(mimiAdapter.refuse(exchange, { kind: 'not-allowed' })).toEqual(forbidden)
    expect(mimiAdapter.refuse(exchange, { kind: 'no-such-room' })).toBeUndefined()
  })
})
