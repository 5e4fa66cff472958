import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { requestArcCredential } from '../../../../src/privacypass/arc/arc-client.ts'
import {
  serverKeyOf,
  generateServerKey,
  serverPrivateKeyCodec,
} from '../../../../src/privacypass/arc/server-keys.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { arcChallenge, arcRandomScalar, arcScheme } from '../../../support/arc.ts'

const scheme = arcScheme(2)
const asking = () =>
  requestArcCredential({
    publicKey: scheme.publicKey,
    challenge: arcChallenge(),
    randomness: randomBytes,
  })

test('request and response have the lengths of the draft', () => {
  const { request } = asking()
  const issued = scheme.issue(request)
  expect(scheme.publicKey).toHaveLength(99)
  expect(request).toHaveLength(229)
  expect(issued).toMatchObject({ kind: 'issued' })
  expect(issued.kind === 'issued' && issued.response).toHaveLength(454)
})

test('a request with any bit changed gets no credential', () => {
  const { request } = asking()
  for (let bit = 0; bit < 8 * request.length; bit += BIT_STEP) {
    const changed = withBit(request, bit)
    expect(scheme.issue(changed).kind, `bit ${bit}`).toBe('refused')
  }
})

test('a request says why it is refused', () => {
  const { request } = asking()
  expect(scheme.issue(request.subarray(1))).toEqual({ kind: 'refused', reason: 'malformed' })
  expect(scheme.issue(withBit(request, 8 * 2))).toEqual({ kind: 'refused', reason: 'unknown-key' })
  expect(scheme.issue(withBit(request, 8 * 229 - 8))).toEqual({
    kind: 'refused',
    reason: 'invalid-message',
  })
})

test('a response with any bit changed, or of another request or key, makes no credential', () => {
  const { request, finish } = asking()
  const issued = scheme.issue(request)
  const elsewhere = scheme.issue(asking().request)
  if (issued.kind === 'refused' || elsewhere.kind === 'refused') throw new Error('refused')
  expect(finish(issued.response)).toBeDefined()
  expect(finish(elsewhere.response)).toBeUndefined()
  for (let bit = 0; bit < 8 * issued.response.length; bit += BIT_STEP)
    expect(
      orUndefined(() => finish(withBit(issued.response, bit))),
      `bit ${bit}`,
    ).toBeUndefined()
  // A key of its own for one client is what the proof of the response is against.
  const tagging = arcScheme(2)
  const tagged = Buffer.from(request)
  tagged[2] = tagging.keyId.at(-1) ?? 0
  const response = tagging.issue(tagged)
  expect(response.kind === 'issued' && finish(response.response)).toBeUndefined()
})

test('a stored private key gives the same public key and id', () => {
  const key = generateServerKey(arcRandomScalar)
  const stored = encode(serverPrivateKeyCodec, key.privateKey)
  expect(stored).toHaveLength(128)
  expect(serverKeyOf(decode(serverPrivateKeyCodec, stored))).toEqual(key)
})

function withBit(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
  return changed
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Coprime to 8: over the octets every place of a bit comes up. */
const BIT_STEP = 11
