import { describe, expect, test } from 'vitest'
import type { KeyMaterialOutcome, UserStatus } from '../../../../src/model/answer.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { encode } from '../../../../src/wire/codec.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  type ClientKeyMaterial,
  type KeyMaterialRequest,
} from '../../../../src/wire/mimi/key-material.ts'
import { cipherSuite } from '../../../../src/wire/mls/cipher-suite.ts'
import { keyPackageRef } from '../../../../src/wire/mls/key-package-ref.ts'
import { keyPackageCodec } from '../../../../src/wire/mls/key-package.ts'
import { codeOf, parsed, response } from '../../../support/mimi-requests.ts'
import {
  basicCredential,
  pseudonymousCredential,
  sampleKeyPackage,
} from '../../../support/mls-samples.ts'

const target = 'mimi://c.example/u/cathy'
const requester = 'mimi://b.example/u/bob'
const room = 'mimi://a.example/r/clubhouse'

function body(change: Partial<KeyMaterialRequest> = {}): Buffer {
  return encode(keyMaterialRequestCodec, {
    protocol: 'mls10',
    requestingUser: requester,
    targetUser: target,
    roomId: room,
    acceptableCiphersuites: [1],
    requiredCapabilities: { extensionTypes: [], proposalTypes: [], credentialTypes: [] },
    requesterSignatureKey: Buffer.alloc(32),
    requesterCredential: basicCredential(requester),
    keyMaterialRequestSignature: Buffer.alloc(64),
    ...change,
  })
}

function ask(bytes = body(), pathTarget = target) {
  return parsed('keyMaterial', pathTarget, bytes)
}

function success(user: string): ClientKeyMaterial {
  const value = sampleKeyPackage(user)
  return {
    clientStatus: 'success',
    clientUri: 'mimi://c.example/d/phone',
    keyPackage: { value, bytes: encode(keyPackageCodec, value) },
  }
}

function answerBytes(
  userStatus: UserStatus,
  clients: readonly ClientKeyMaterial[] = [],
  userUri = target,
): Buffer {
  return encode(keyMaterialResponseCodec, { protocol: 'mls10', userStatus, userUri, clients })
}

describe('the request', () => {
  test('names requester, target and room', () => {
    expect(ask()).toMatchObject({ requester, target, room, pseudonymous: false })
  })

  test('may name no room', () => {
    expect(ask(body({ roomId: '' })).room).toBeUndefined()
  })

  test('may come from a pseudonym', () => {
    const pseudonym = 'mimi://b.example/u/3b52249d'
    const bytes = body({
      requestingUser: pseudonym,
      requesterCredential: pseudonymousCredential(pseudonym),
    })
    expect(ask(bytes)).toMatchObject({ requester: pseudonym, pseudonymous: true })
  })

  test.each([
    ['a path of another user', body(), requester, 'path-body-mismatch'],
    ['a path in another spelling', body(), target.replace('c.e', 'C.E'), 'path-body-mismatch'],
    ['a target that is a room', body({ targetUser: room }), room, 'invalid-uri'],
    ['a room that is a user', body({ roomId: requester }), target, 'invalid-uri'],
    [
      'a credential of another user',
      body({ requesterCredential: basicCredential('mimi://b.example/u/eve') }),
      target,
      'actor-mismatch',
    ],
    [
      'a pseudonym of another user',
      body({ requesterCredential: pseudonymousCredential('mimi://b.example/u/eve') }),
      target,
      'actor-mismatch',
    ],
    [
      'a pseudonym that is no URI',
      body({ requesterCredential: pseudonymousCredential('3b52249d') }),
      target,
      'actor-mismatch',
    ],
    ['a cut body', body().subarray(0, -1), target, 'malformed-body'],
  ] as const)('%s is refused', (...[, bytes, path, code]) => {
    expect(codeOf(() => ask(bytes, path))).toBe(code)
  })
})

describe('the answer', () => {
  const exchange = ask()
  const clients: readonly ClientKeyMaterial[] = [
    success(target),
    success('mimi://c.example/u/other'),
    { clientStatus: 'keyMaterialExhausted', clientUri: 'mimi://c.example/d/tablet' },
    {
      clientStatus: 'nothingCompatible',
      clientUri: 'mimi://c.example/d/tv',
      clientCapabilities: sampleKeyPackage().leafNode.capabilities,
    },
  ]
  const original = response(answerBytes('partialSuccess', clients))

  function outcomeOf(raw = original): KeyMaterialOutcome {
    const answer = mimiAdapter.parseAnswer(exchange, raw)
    if (answer.operation !== 'keyMaterial') throw new Error('another operation')
    return answer.outcome
  }

  function serialise(outcome: KeyMaterialOutcome, raw = original): Buffer {
    return mimiAdapter.serialise(exchange, { operation: 'keyMaterial', outcome }, raw).bytes
  }

  test('passes with its own bytes', () => {
    expect(serialise(outcomeOf())).toEqual(original.bytes)
  })

  test('shows status and KeyPackageRef of every client', () => {
    const suite = cipherSuite(1)
    if (suite === undefined) throw new Error('no suite')
    const reference = keyPackageRef(suite, encode(keyPackageCodec, sampleKeyPackage(target)))
    const outcome = outcomeOf()
    expect(outcome.clients.map(({ status }) => status)).toEqual([
      'success',
      'success',
      'keyMaterialExhausted',
      'nothingCompatible',
    ])
    expect(outcome.clients[0]?.keyPackage).toEqual(reference)
    expect(outcome.clients[2]?.keyPackage).toBeUndefined()
  })

  test('can lose clients and have them in another order', () => {
    const outcome = outcomeOf()
    const kept = [outcome.clients[1], outcome.clients[0]].filter((client) => client !== undefined)
    const edited = response(serialise({ ...outcome, clients: kept }))
    expect(outcomeOf(edited).clients).toEqual(kept)
  })

  test('cannot gain or repeat a client, or change one', () => {
    const outcome = outcomeOf()
    const [first, second] = outcome.clients
    if (first === undefined || second === undefined) throw new Error('no clients')
    const forged = { ...first, bytes: Buffer.concat([first.bytes, Buffer.of(0)]) }
    for (const wrong of [[first, first], [forged], [...outcome.clients, second]])
      expect(codeOf(() => serialise({ ...outcome, clients: wrong }))).toBe('internal')
  })

  test('a success that lost clients is partial', () => {
    const whole = response(answerBytes('success', clients.slice(0, 2)))
    const outcome = outcomeOf(whole)
    const fewer = outcome.clients.slice(0, 1)
    expect(codeOf(() => serialise({ ...outcome, clients: fewer }, whole))).toBe('internal')
    const partial = serialise({ ...outcome, kind: 'partialSuccess', clients: fewer }, whole)
    expect(partial).toEqual(answerBytes('partialSuccess', clients.slice(0, 1)))
  })

  test.each(['userUnknown', 'noConsentForThisRoom', 'userDeleted'] as const)(
    '%s can be masked as noConsent',
    (kind) => {
      const raw = response(answerBytes(kind))
      const masked = serialise({ ...outcomeOf(raw), kind: 'noConsent' }, raw)
      expect(masked).toEqual(answerBytes('noConsent'))
    },
  )

  test('noConsent cannot become anything else', () => {
    const raw = response(answerBytes('noConsent'))
    for (const kind of ['userUnknown', 'success', 'partialSuccess'] as const)
      expect(codeOf(() => serialise({ ...outcomeOf(raw), kind }, raw))).toBe('internal')
  })

  test.each([
    ['another user', response(answerBytes('success', [], requester))],
    ['clients beside noConsent', response(answerBytes('noConsent', clients))],
    ['a cut body', response(original.bytes.subarray(0, -1))],
    ['a failure', response(original.bytes, 502)],
  ])('%s is no answer', (_, raw) => {
    expect(codeOf(() => outcomeOf(raw))).toBe('upstream-invalid')
  })

  test('a refusal is noConsent, whatever the reason', () => {
    const bytes = answerBytes('noConsent')
    expect(mimiAdapter.refuse(exchange, { kind: 'not-allowed' })?.bytes).toEqual(bytes)
    expect(mimiAdapter.refuse(exchange, { kind: 'no-such-room' })?.bytes).toEqual(bytes)
    expect(mimiAdapter.refuse(exchange, { kind: 'wrong-epoch', currentEpoch: 1n })).toBeUndefined()
  })
})
