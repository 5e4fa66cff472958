import { describe, expect, test } from 'vitest'
import type { FieldEdit, RequestEdits } from '../../../../src/model/adapter.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { consentEntryCodec, type ConsentEntry } from '../../../../src/wire/mimi/consent.ts'
import { keyPackageCodec } from '../../../../src/wire/mls/key-package.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'
import { sampleKeyPackage } from '../../../support/mls-samples.ts'

const requesterUri = 'mimi://b.example/u/bob'
const targetUri = 'mimi://a.example/u/alice'
const roomId = 'mimi://b.example/r/clubhouse'
const scope = {
  requesterUri,
  targetUri,
  roomId: undefined,
  consentExtensions: { componentData: [] },
} as const
const keyPackage = { value: sampleKeyPackage(), bytes: encode(keyPackageCodec, sampleKeyPackage()) }

const request = encode(consentEntryCodec, { consentOperation: 'request', ...scope })
const cancel = encode(consentEntryCodec, { consentOperation: 'cancel', ...scope })
const revoke = encode(consentEntryCodec, { consentOperation: 'revoke', ...scope })
const grant = encode(consentEntryCodec, {
  consentOperation: 'grant',
  ...scope,
  clientKeyPackages: [keyPackage],
})

describe('the request', () => {
  test.each([
    ['requestConsent', 'a.example', request, 'request'],
    ['requestConsent', 'A.Example', cancel, 'cancel'],
    ['requestConsent', targetUri, request, 'request'],
    ['updateConsent', 'b.example', grant, 'grant'],
    ['updateConsent', requesterUri, revoke, 'revoke'],
  ] as const)('%s to %s', (...[operation, path, bytes, change]) => {
    expect(parsed(operation, path, bytes)).toMatchObject({
      change,
      requester: requesterUri,
      target: targetUri,
      room: undefined,
    })
  })

  test('may be for one room', () => {
    const bytes = encode(consentEntryCodec, { consentOperation: 'request', ...scope, roomId })
    expect(parsed('requestConsent', 'a.example', bytes)).toMatchObject({ room: roomId })
  })

  test.each([
    ['requestConsent', 'a.example', grant, 'wrong-message-kind'],
    ['requestConsent', 'a.example', revoke, 'wrong-message-kind'],
    ['updateConsent', 'b.example', request, 'wrong-message-kind'],
    ['updateConsent', 'b.example', cancel, 'wrong-message-kind'],
    ['requestConsent', 'b.example', request, 'path-body-mismatch'],
    ['requestConsent', requesterUri, request, 'path-body-mismatch'],
    ['updateConsent', 'a.example', grant, 'path-body-mismatch'],
    ['updateConsent', 'b.example', grant.subarray(0, -1), 'malformed-body'],
  ] as const)('%s to %s is refused', (...[operation, path, bytes, code]) => {
    expect(codeOf(() => parsed(operation, path, bytes))).toBe(code)
  })

  test('users must be users, and a room a room', () => {
    const wrong: readonly Partial<ConsentEntry>[] = [
      { requesterUri: roomId },
      { targetUri: roomId },
      { roomId: targetUri },
    ]
    for (const change of wrong) {
      const bytes = encode(consentEntryCodec, {
        consentOperation: 'request',
        ...scope,
        ...change,
      } as ConsentEntry)
      expect(codeOf(() => parsed('requestConsent', 'a.example', bytes))).toBe('invalid-uri')
    }
  })
})

describe('what a plan withholds', () => {
  const drop = { kind: 'drop' } as const

  test('a grant goes without its KeyPackages', () => {
    expect(decode(consentEntryCodec, edited(grant, edits(drop)))).toEqual({
      consentOperation: 'grant',
      ...scope,
      clientKeyPackages: [],
    })
  })

  test('a grant goes with some of its KeyPackages', () => {
    const entry = { consentOperation: 'grant', ...scope } as const
    const many = { ...entry, clientKeyPackages: [keyPackage, keyPackage, keyPackage] }
    const bytes = edited(
      encode(consentEntryCodec, many),
      edits({ kind: 'choose', choose: firstTwo }),
    )
    const fewer = { ...entry, clientKeyPackages: [keyPackage, keyPackage] }
    expect(bytes).toEqual(encode(consentEntryCodec, fewer))
  })

  test('extensions that nobody knows are taken out, the others stay', () => {
    const exchange = parsed('requestConsent', 'a.example', withExtensions(0x8d11, 0x8d99, 0xf0a2))
    expect(mimiAdapter.edit(exchange, edits()).bytes).toEqual(exchange.bytes)
    expect(mimiAdapter.edit(exchange, edits(undefined, true)).bytes).toEqual(withExtensions(0x8d11))
  })

  test('an exchange without KeyPackages stays the same value', () => {
    const revocation = parsed('updateConsent', 'b.example', revoke)
    expect(mimiAdapter.edit(revocation, edits(drop, true))).toBe(revocation)
    const granted = parsed('updateConsent', 'b.example', grant)
    expect(mimiAdapter.edit(granted, edits())).toBe(granted)
  })
})

test('an unknown target can be answered like any other', () => {
  const exchange = parsed('requestConsent', 'a.example', request)
  const original = response(Buffer.alloc(0), 404)
  const answer = mimiAdapter.parseAnswer(exchange, original)
  expect(answer).toEqual({ operation: 'requestConsent', outcome: { kind: 'notFound' } })
  const masked = { operation: 'requestConsent', outcome: { kind: 'accepted' } } as const
  expect(mimiAdapter.serialise(exchange, masked, original)).toEqual(response(Buffer.alloc(0), 201))
  expect(mimiAdapter.refuse(exchange, { kind: 'not-allowed' })).toBeUndefined()
})

function edits(edit?: FieldEdit, dropsUnknown = false): RequestEdits {
  return {
    fields: new Map(edit === undefined ? [] : [['client.list', edit]]),
    dropsUnknown,
  }
}

function edited(bytes: Buffer, how: RequestEdits): Buffer {
  return mimiAdapter.edit(parsed('updateConsent', 'b.example', bytes), how).bytes
}

function firstTwo<T>(all: readonly T[]): readonly T[] {
  return all.slice(0, 2)
}

function component(componentId: number) {
  return { componentId, data: Buffer.from('x') }
}

function withExtensions(...ids: readonly number[]): Buffer {
  return encode(consentEntryCodec, {
    consentOperation: 'request',
    ...scope,
    consentExtensions: { componentData: ids.map(component) },
  })
}
