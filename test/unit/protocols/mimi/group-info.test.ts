import { describe, expect, test } from 'vitest'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { encode } from '../../../../src/wire/codec.ts'
import {
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  type GroupInfoResponse,
} from '../../../../src/wire/mimi/group-info.ts'
import type { Credential } from '../../../../src/wire/mls/credential.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'
import { basicCredential, pseudonymousCredential } from '../../../support/mls-samples.ts'

const room = 'mimi://a.example/r/clubhouse'
const user = 'mimi://b.example/u/bob'

function body(requestingCredential: Credential = basicCredential(user)): Buffer {
  return encode(groupInfoRequestCodec, {
    protocol: 'mls10',
    cipherSuite: 1,
    requestingSignatureKey: Buffer.alloc(32),
    requestingCredential,
    groupInfoPublicKey: Buffer.alloc(32),
    joiningCode: Buffer.from('secret code'),
    signature: Buffer.alloc(64),
  })
}

function ask(bytes = body()) {
  return parsed('groupInfo', room, bytes)
}

describe('the request', () => {
  test('shows the user of a basic credential', () => {
    expect(ask()).toMatchObject({ room, requester: user, pseudonymous: false })
  })

  test('shows the pseudonym of a pseudonymous credential', () => {
    const pseudonym = 'mimi://b.example/u/3b52249d'
    const exchange = ask(body(pseudonymousCredential(pseudonym)))
    expect(exchange).toMatchObject({ requester: pseudonym, pseudonymous: true })
  })

  test('shows nobody where the credential names no MIMI user', () => {
    expect(ask(body(basicCredential('bob'))).requester).toBeUndefined()
    expect(ask(body({ kind: 'x509', certificates: [] })).requester).toBeUndefined()
    const notText = Buffer.concat([Buffer.from(user), Buffer.of(0xff)])
    expect(ask(body({ kind: 'basic', identity: notText })).requester).toBeUndefined()
  })

  test('keeps the joining code to itself', () => {
    const { bytes: _, ...shown } = ask()
    expect(JSON.stringify(shown)).not.toContain('secret')
  })

  test.each([
    ['a cut body', body().subarray(0, -1), 'malformed-body'],
    ['left-over bytes', Buffer.concat([body(), Buffer.of(0)]), 'malformed-body'],
  ])('%s is refused', (_, bytes, code) => {
    expect(codeOf(() => ask(bytes))).toBe(code)
  })
})

function encoded(value: GroupInfoResponse) {
  return response(encode(groupInfoResponseCodec, value))
}

function answerOf(kind: 'success' | 'notAuthorized' | 'noSuchRoom') {
  return { operation: 'groupInfo', outcome: { kind } } as const
}

describe('the answer', () => {
  const exchange = ask()
  const head = { version: 'mls10', roomId: Buffer.from(room) } as const
  const success: GroupInfoResponse = {
    ...head,
    status: 'success',
    cipherSuite: 1,
    hubSender: { signatureKey: Buffer.alloc(32), credential: basicCredential('mimi://a.example') },
    encryptedGroupinfoAndTree: { kemOutput: Buffer.alloc(32), ciphertext: Buffer.alloc(99) },
    signature: Buffer.alloc(64),
  }

  test.each<GroupInfoResponse>([
    success,
    { ...head, status: 'notAuthorized' },
    { ...head, status: 'noSuchRoom' },
  ])('$status passes with its own bytes', (value) => {
    const original = encoded(value)
    const answer = mimiAdapter.parseAnswer(exchange, original)
    expect(answer).toEqual(answerOf(value.status))
    expect(mimiAdapter.serialise(exchange, answer, original)).toEqual(original)
  })

  test('noSuchRoom can be masked as notAuthorized, and nothing else can change', () => {
    const noSuchRoom = encoded({ ...head, status: 'noSuchRoom' })
    const notAuthorized = encoded({ ...head, status: 'notAuthorized' })
    const masked = mimiAdapter.serialise(exchange, answerOf('notAuthorized'), noSuchRoom)
    expect(masked).toEqual(notAuthorized)
    const wrong = [
      () => mimiAdapter.serialise(exchange, answerOf('noSuchRoom'), notAuthorized),
      () => mimiAdapter.serialise(exchange, answerOf('success'), notAuthorized),
      () => mimiAdapter.serialise(exchange, answerOf('notAuthorized'), encoded(success)),
      () => mimiAdapter.serialise(exchange, answerOf('success')),
    ]
    expect(wrong.map(codeOf)).toEqual(wrong.map(() => 'internal'))
  })

  test('the 403 and 404 of a delivery service become the codes of the protocol', () => {
    for (const [status, kind] of [
      [403, 'notAuthorized'],
      [404, 'noSuchRoom'],
    ] as const) {
      const original = response(Buffer.alloc(0), status)
      const answer = mimiAdapter.parseAnswer(exchange, original)
      expect(answer).toEqual(answerOf(kind))
      expect(mimiAdapter.serialise(exchange, answer, original)).toEqual(
        encoded({ ...head, status: kind }),
      )
    }
  })

  test('an answer about another room is none', () => {
    const other = { version: 'mls10', roomId: Buffer.from('mimi://a.example/r/x') } as const
    const original = encoded({ ...other, status: 'notAuthorized' })
    expect(codeOf(() => mimiAdapter.parseAnswer(exchange, original))).toBe('upstream-invalid')
  })

  test('a refusal speaks the codes of the protocol', () => {
    expect(mimiAdapter.refuse(exchange, { kind: 'not-allowed' })).toEqual(
      encoded({ ...head, status: 'notAuthorized' }),
    )
    expect(mimiAdapter.refuse(exchange, { kind: 'no-such-room' })).toEqual(
      encoded({ ...head, status: 'noSuchRoom' }),
    )
  })
})
