import { describe, expect, test } from 'vitest'
import type { SubmitMessageOutcome } from '../../../../src/model/answer.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { bodyBytesMax } from '../../../../src/wire/mimi/bounds.ts'
import { encode } from '../../../../src/wire/codec.ts'
import { submitMessageRequestCodec } from '../../../../src/wire/mimi/submit-message.ts'
import type { MlsMessageView } from '../../../../src/wire/mls/header.ts'
import { fromHex } from '../../../support/hex.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'
import { privateMessage, publicCommit, welcomeMessage } from '../../../support/mls-samples.ts'

const room = 'mimi://a.example/r/clubhouse'
const sender = 'mimi://b.example/u/bob'

function body(appMessage: MlsMessageView = privateMessage(), sendingUri = sender): Buffer {
  return encode(submitMessageRequestCodec, { protocol: 'mls10', appMessage, sendingUri })
}

function submit(bytes = body(), target = room) {
  return parsed('submitMessage', target, bytes)
}

describe('the request', () => {
  test('shows room, sender, epoch and franking tag, in views of its bytes', () => {
    const bytes = body()
    const exchange = submit(bytes)
    expect(exchange).toMatchObject({ protocol: 'mimi', room, sender, direction: 'ingress' })
    expect(exchange.bytes).toBe(bytes)
    expect(exchange.message).toMatchObject({
      wireFormat: 'private',
      contentType: 'application',
      epoch: 7n,
      frankingTag: Buffer.alloc(32, 5),
      aadComponents: [0x0020],
    })
    expect(exchange.message.bytes.buffer).toBe(bytes.buffer)
  })

  test('authenticated data that is no SafeAAD has no franking tag', () => {
    const message = privateMessage('application', Buffer.from('something else'))
    expect(submit(body(message)).message.frankingTag).toBeUndefined()
  })

  test.each([
    ['a private commit', privateMessage('commit')],
    ['a private proposal', privateMessage('proposal')],
    ['a public commit', publicCommit()],
    ['a Welcome', welcomeMessage([Buffer.alloc(32)])],
  ])('%s is refused', (_, message) => {
    expect(codeOf(() => submit(body(message)))).toBe('wrong-message-kind')
  })

  test.each([
    ['a cut body', body().subarray(0, 40), room, 'malformed-body'],
    ['left-over bytes', Buffer.concat([body(), Buffer.of(0)]), room, 'malformed-body'],
    ['an empty body', Buffer.alloc(0), room, 'malformed-body'],
    ['a sender that is a room', body(privateMessage(), room), room, 'invalid-uri'],
    ['a sender that is no URI', body(privateMessage(), 'bob'), room, 'invalid-uri'],
    ['a path that is a user', body(), sender, 'invalid-uri'],
    ['a path that is a domain', body(), 'a.example', 'invalid-uri'],
    ['a body beyond its limit', Buffer.alloc(bodyBytesMax + 1), room, 'body-too-large'],
  ] as const)('%s is refused', (...[, bytes, target, code]) => {
    expect(codeOf(() => submit(bytes, target))).toBe(code)
  })

  test('a franking tag of another length is refused', () => {
    const aad = Buffer.concat([fromHex('22 0020 1f'), Buffer.alloc(31)])
    expect(codeOf(() => submit(body(privateMessage('application', aad))))).toBe('malformed-body')
  })
})

describe('the answer', () => {
  const exchange = submit()
  const accepted = response(fromHex('01 00 0000018bcfe56800 00'))
  const frank = {
    serverFrank: Buffer.alloc(32, 1),
    ciphersuite: 1,
    signature: Buffer.alloc(64, 2),
  }

  test.each(['01 00 0000018bcfe56800 00', '01 01', '01 02 000000000000002a'])(
    '%s passes with its own bytes',
    (hex) => {
      const original = response(fromHex(hex))
      const answer = mimiAdapter.parseAnswer(exchange, original)
      expect(mimiAdapter.serialise(exchange, answer, original)).toEqual(original)
    },
  )

  test('gets the frank and the time of the hub, and nothing else', () => {
    const outcome: SubmitMessageOutcome = {
      kind: 'accepted',
      acceptedTimestampMs: 1_700_000_000_000,
      frank,
    }
    const answer = { operation: 'submitMessage', outcome } as const
    const { bytes } = mimiAdapter.serialise(exchange, answer, accepted)
    const expected = `01 00 0000018bcfe56800 01 ${'01'.repeat(32)} 0001 4040 ${'02'.repeat(64)}`
    expect(bytes).toEqual(fromHex(expected))
    expect(mimiAdapter.parseAnswer(exchange, response(bytes))).toEqual(answer)
  })

  test('a refusal cannot become an acceptance', () => {
    const outcome = { kind: 'accepted', acceptedTimestampMs: 0, frank: undefined } as const
    const answer = { operation: 'submitMessage', outcome } as const
    const refused = response(fromHex('01 01'))
    expect(codeOf(() => mimiAdapter.serialise(exchange, answer, refused))).toBe('internal')
  })

  test.each([
    ['no bytes', response(Buffer.alloc(0))],
    ['another struct', response(fromHex('05'))],
    ['an error of the server', response(fromHex('01 01'), 500)],
    ['a redirect', response(fromHex('01 01'), 302)],
    ['a time beyond what a clock can show', response(fromHex('01 00 ffffffffffffffff 00'))],
  ])('%s is no answer', (_, original) => {
    expect(codeOf(() => mimiAdapter.parseAnswer(exchange, original))).toBe('upstream-invalid')
  })
})

describe('a refusal', () => {
  const exchange = submit()

  test('speaks the codes of the protocol', () => {
    const notAllowed = mimiAdapter.refuse(exchange, { kind: 'not-allowed' })
    expect(notAllowed).toEqual(response(fromHex('01 01')))
    const wrongEpoch = mimiAdapter.refuse(exchange, { kind: 'wrong-epoch', currentEpoch: 42n })
    expect(wrongEpoch).toEqual(response(fromHex('01 02 000000000000002a')))
  })

  test('has no code for a room that does not exist', () => {
    expect(mimiAdapter.refuse(exchange, { kind: 'no-such-room' })).toBeUndefined()
  })
})
