import { randomBytes } from 'node:crypto'
import { ristretto255 } from '@noble/curves/ed25519.js'
import { p384 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTokenScheme } from '../../../src/privacypass/token-scheme.ts'
import { challengeDigest } from '../../../src/privacypass/token-challenge.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import { requestVoprfToken } from '../../../src/privacypass/voprf/request-tokens.ts'
import { namedGroups } from '../../support/oprf-groups.ts'

const { Fn: P384_SCALARS } = p384.Point
const { Fn: RISTRETTO_SCALARS } = ristretto255.Point
const octets = fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes))
const seed = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes))

describe.each(namedGroups)('$name', ({ group }) => {
  const scalar = seed.map((bytes) => group.hashToScalar(bytes, Buffer.from('test')))
  const element = seed.map((bytes) => group.hashToElement(bytes, Buffer.from('test')))
  const secretKey = group.randomScalar(randomBytes)
  const key = voprfIssuerKey({ group, secretKey, issuer: 'a.example', randomness: randomBytes })
  const scheme = createTokenScheme(group.tokenType)

  /** The same product by other code. */
  function product(factor: Buffer, point: Buffer): Uint8Array {
    return group.tokenType === 'voprfP384'
      ? p384.Point.fromBytes(point).multiply(P384_SCALARS.fromBytes(factor)).toBytes(true)
      : ristretto255.Point.fromBytes(point).multiply(RISTRETTO_SCALARS.fromBytes(factor)).toBytes()
  }

  test('products are those of another library, and among their candidates', () => {
    fc.assert(
      fc.property(scalar, element, (factor, point) => {
        const multiplier = group.multiplier(factor)
        const found = multiplier.multiply(point)
        return (
          found.equals(product(factor, point)) &&
          multiplier.candidates(point).filter((candidate) => candidate.equals(found)).length === 1
        )
      }),
      { numRuns: 30 },
    )
  })

  test('any octets are elements and scalars or not, without an error', () => {
    fc.assert(
      fc.property(octets, (bytes) => {
        const isElement = group.isElement(bytes)
        const isScalar = group.isScalar(bytes)
        return (
          (!isElement || bytes.length === group.elementBytes) &&
          (!isScalar || bytes.length === group.scalarBytes)
        )
      }),
      { numRuns: 1_000 },
    )
  })

  test('any blinded message of the right length is evaluated or refused', () => {
    const { elementBytes, tokenType } = group
    const message = fc
      .uint8Array({ minLength: elementBytes, maxLength: elementBytes })
      .map((bytes) => Buffer.from(bytes))
    const truncatedTokenKeyId = key.tokenKey.keyId[31] ?? 0
    fc.assert(
      fc.property(message, (blindedMessage) => {
        const request = { tokenType, truncatedTokenKeyId, blindedMessage }
        const isElement = group.isElement(blindedMessage)
        return (scheme.issue(request, [key]).kind === 'issued') === isElement
      }),
      { numRuns: 60 },
    )
  })

  test('what is asked for and issued verifies, for its own nonce and challenge', () => {
    const nonce = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(nonce, octets, (bytes, challenge) => {
        const pending = requestVoprfToken({
          group,
          challenge,
          nonce: bytes,
          publicKey: key.tokenKey.publicKey,
          randomness: randomBytes,
        })
        const issued = scheme.issue(pending.request, [key])
        const token = issued.kind === 'issued' ? pending.finalize(issued.response) : undefined
        if (token === undefined) return false
        const challenges = [{ digest: challengeDigest(challenge), context: undefined }]
        const verdict = scheme.verify(token, { keys: [key.tokenKey], challenges })
        expect(verdict).toMatchObject({ kind: 'valid', token: { spendKey: Buffer.from(bytes) } })
        return true
      }),
      { numRuns: 10 },
    )
  })
})
