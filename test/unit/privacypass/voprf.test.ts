import { randomBytes } from 'node:crypto'
import { ristretto255 } from '@noble/curves/ed25519.js'
import { p384 } from '@noble/curves/nist.js'
import { describe, expect, test } from 'vitest'
import { createTokenScheme } from '../../../src/privacypass/token-scheme.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import {
  requestAmortizedTokens,
  requestVoprfToken,
} from '../../../src/privacypass/voprf/request-tokens.ts'
import { namedGroups, oprfGroups, ristretto255Group } from '../../support/oprf-groups.ts'
import { fromHex } from '../../support/hex.ts'

const { voprfP384: p384Group } = oprfGroups
const challenge = randomBytes(40)

function keyOf(group = ristretto255Group) {
  const secretKey = group.randomScalar(randomBytes)
  return voprfIssuerKey({ group, secretKey, issuer: 'a.example', randomness: randomBytes })
}

/** As the wire has it, least or most significant octet first. */
function scalarOctets(group: (typeof namedGroups)[number]['group'], value: bigint): Buffer {
  const octets = fromHex(value.toString(16).padStart(2 * group.scalarBytes, '0'))
  return group.tokenType === 'voprfP384' ? octets : Buffer.from(octets.toReversed())
}

describe.each(namedGroups)('$name', ({ group }) => {
  const { ORDER } = group.tokenType === 'voprfP384' ? p384.Point.Fn : ristretto255.Point.Fn
  const element = group.multiplyGenerator(group.randomScalar(randomBytes))

  test('knows its scalars: from 1 to the order less 1, in all their octets', () => {
    const verdicts = [0n, 1n, ORDER - 1n, ORDER, ORDER + 1n].map((value) =>
      group.isScalar(scalarOctets(group, value)),
    )
    expect(verdicts).toEqual([false, true, true, false, false])
    expect(group.isScalar(Buffer.alloc(group.scalarBytes, 0xff))).toBe(false)
    expect(group.isScalar(Buffer.alloc(group.scalarBytes - 1, 1))).toBe(false)
    expect(group.isScalar(Buffer.alloc(group.scalarBytes + 1, 1))).toBe(false)
  })

  test('knows its elements, of which the identity is none', () => {
    expect(group.isElement(element)).toBe(true)
    expect(group.isElement(Buffer.alloc(group.elementBytes))).toBe(false)
    expect(group.isElement(Buffer.alloc(group.elementBytes, 0xff))).toBe(false)
    expect(group.isElement(element.subarray(1))).toBe(false)
    expect(group.isElement(Buffer.concat([element, Buffer.of(0)]))).toBe(false)
  })

  test('multiplies as it adds, at the ends of its scalars too', () => {
    const times = (value: bigint) => group.multiplier(scalarOctets(group, value)).multiply(element)
    const [one, two, three] = [times(1n), times(2n), times(3n)]
    expect(one.equals(element)).toBe(true)
    expect(group.add(one, one)).toEqual(two)
    expect(group.add(two, one)).toEqual(three)
    expect(group.add(times(ORDER - 1n), two)).toEqual(one)
    expect(group.add(times(ORDER - 2n), three)).toEqual(one)
    expect(group.add(times(ORDER - 1n), one)).toBeUndefined()
  })

  test('has a key for a scalar only', () => {
    const options = { group, issuer: 'a.example', randomness: randomBytes }
    for (const octets of [0n, ORDER].map((value) => scalarOctets(group, value)))
      expect(() => voprfIssuerKey({ ...options, secretKey: octets })).toThrow('key-unavailable')
  })

  test('evaluates elements of its group only', () => {
    const { tokenType, elementBytes } = group
    const key = keyOf(group)
    const truncatedTokenKeyId = key.tokenKey.keyId[31] ?? 0
    const verdicts = [element, Buffer.alloc(elementBytes), Buffer.alloc(elementBytes, 0xff)].map(
      (blindedMessage) =>
        createTokenScheme(tokenType).issue({ tokenType, truncatedTokenKeyId, blindedMessage }, [
          key,
        ]),
    )
    const invalid = { kind: 'refused', reason: 'invalid-message' }
    expect(verdicts).toEqual([expect.objectContaining({ kind: 'issued' }), invalid, invalid])
  })

  test('gives a client no token for an answer of another key, or with a changed octet', () => {
    const { publicKey } = keyOf(group).tokenKey
    const other = keyOf(group)
    const nonce = randomBytes(32)
    const options = { group, challenge, nonce, randomness: randomBytes }
    const misled = requestVoprfToken({ ...options, publicKey })
    const foreign = other.evaluate(misled.request)
    expect(foreign && misled.finalize(foreign)).toBeUndefined()
    const pending = requestVoprfToken({ ...options, publicKey: other.tokenKey.publicKey })
    const answer = other.evaluate(pending.request)
    if (answer?.tokenType !== group.tokenType) throw new Error('no token was issued')
    expect(pending.finalize(answer)).toBeDefined()
    for (const at of [3, group.scalarBytes + 3]) {
      const evaluatedProof = Buffer.from(answer.evaluatedProof)
      evaluatedProof[at] = (evaluatedProof[at] ?? 0) ^ 1
      expect(pending.finalize({ ...answer, evaluatedProof })).toBeUndefined()
    }
    const evaluatedMessage = group.add(answer.evaluatedMessage, element) ?? element
    expect(pending.finalize({ ...answer, evaluatedMessage })).toBeUndefined()
  })

  test('asks nothing of a key that is no element', () => {
    const publicKey = Buffer.alloc(group.elementBytes)
    const options = { group, challenge, nonce: randomBytes(32), randomness: randomBytes }
    expect(() => requestVoprfToken({ ...options, publicKey })).toThrow('key-unavailable')
  })
})

test('P-384 takes points in their compressed form only', () => {
  const point = p384.Point.BASE
  expect(p384Group.isElement(Buffer.from(point.toBytes(true)))).toBe(true)
  expect(p384Group.isElement(Buffer.from(point.toBytes(false)))).toBe(false)
  const hybrid = Buffer.from(point.toBytes(true))
  for (const form of [0, 1, 4, 5, 6, 7]) {
    hybrid[0] = form
    expect(p384Group.isElement(hybrid)).toBe(false)
  }
})

describe('an amortized batch', () => {
  const scheme = createTokenScheme('voprfRistretto255')
  const key = keyOf()
  const options = {
    group: ristretto255Group,
    challenge,
    publicKey: key.tokenKey.publicKey,
    randomness: randomBytes,
  }
  const request = (count: number) =>
    requestAmortizedTokens({
      ...options,
      tokens: Array.from({ length: count }, () => ({ challenge, nonce: randomBytes(32) })),
    })

  test('is issued as a whole, with one proof for any number', () => {
    for (const count of [1, 2, 32, 128]) {
      const pending = request(count)
      const verdict = scheme.issueBatch(pending.request, [key])
      if (verdict.kind === 'refused') throw new Error(verdict.reason)
      expect(verdict.response.evaluatedProof).toHaveLength(64)
      expect(pending.finalize(verdict.response)).toHaveLength(count)
    }
  })

  test('is refused as a whole where it is empty or one message is none of the group', () => {
    const { blindedMessages, ...rest } = request(3).request
    const issue = (messages: Buffer[]) =>
      scheme.issueBatch({ ...rest, blindedMessages: messages }, [key])
    const invalid = { kind: 'refused', reason: 'invalid-message' }
    expect(issue([...blindedMessages])).toMatchObject({ kind: 'issued' })
    expect(issue([])).toEqual(invalid)
    expect(issue([...blindedMessages, Buffer.alloc(32)])).toEqual(invalid)
  })

  test('is refused for a key that is not there, and by the other types', () => {
    const { request: batch } = request(2)
    expect(scheme.issueBatch(batch, [])).toEqual({ kind: 'refused', reason: 'unknown-key' })
    for (const tokenType of ['voprfP384', 'blindRsa2048'] as const)
      expect(createTokenScheme(tokenType).issueBatch(batch, [key])).toEqual({
        kind: 'refused',
        reason: 'wrong-type',
      })
  })

  test('gives a client nothing where answers changed places, are missing or are too many', () => {
    const pending = request(3)
    const response = key.evaluateBatch?.(pending.request)
    if (response === undefined) throw new Error('no batch was issued')
    const { evaluatedMessages, evaluatedProof } = response
    const finalize = (messages: readonly Buffer[]) =>
      pending.finalize({ evaluatedMessages: [...messages], evaluatedProof })
    const [first, ...more] = evaluatedMessages
    if (first === undefined) throw new Error('no batch was issued')
    expect(finalize(evaluatedMessages)).toHaveLength(3)
    expect(finalize([...more, first])).toBeUndefined()
    expect(finalize(more)).toBeUndefined()
    expect(finalize([...evaluatedMessages, first])).toBeUndefined()
    expect(finalize([])).toBeUndefined()
  })

  test('is not for P-384', () => {
    const tokens = [{ challenge, nonce: randomBytes(32) }]
    expect(() => requestAmortizedTokens({ ...options, group: p384Group, tokens })).toThrow(
      'key-unavailable',
    )
  })
})
