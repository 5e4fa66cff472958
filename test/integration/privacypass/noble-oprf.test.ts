import { randomBytes } from 'node:crypto'
import { ristretto255_oprf } from '@noble/curves/ed25519.js'
import { p384_oprf } from '@noble/curves/nist.js'
import { describe, expect, test } from 'vitest'
import { verifyEvaluations } from '../../../src/privacypass/voprf/dleq.ts'
import { voprfIssuerKey } from '../../../src/privacypass/voprf/issuer-key.ts'
import { elementOfInput, oprfSuite, outputOf } from '../../../src/privacypass/voprf/suite.ts'
import { oprfGroups } from '../../support/oprf-groups.ts'

const pairs = [
  { name: 'P384-SHA384', group: oprfGroups.voprfP384, peer: p384_oprf },
  { name: 'ristretto255-SHA512', group: oprfGroups.voprfRistretto255, peer: ristretto255_oprf },
]

describe.each(pairs)('$name', ({ group, peer }) => {
  const suite = oprfSuite(group, 'voprf')
  const secretKey = group.randomScalar(randomBytes)
  const key = voprfIssuerKey({ group, secretKey, issuer: 'a.example', randomness: randomBytes })
  const { publicKey, keyId } = key.tokenKey

  test('its client takes the answer of our issuer, and finds the output that our check finds', () => {
    const input = randomBytes(98)
    const { blind, blinded } = peer.voprf.blind(input)
    const response = key.evaluate({
      tokenType: group.tokenType,
      truncatedTokenKeyId: keyId[31] ?? 0,
      blindedMessage: Buffer.from(blinded),
    })
    if (response?.tokenType !== group.tokenType) throw new Error('no token was issued')
    const { evaluatedMessage, evaluatedProof } = response
    const output = peer.voprf.finalize(
      input,
      blind,
      evaluatedMessage,
      blinded,
      publicKey,
      evaluatedProof,
    )
    const outputs = group
      .multiplier(secretKey)
      .candidates(elementOfInput(suite, input))
      .map((candidate) => outputOf(suite, input, candidate))
    expect(outputs).toContainEqual(Buffer.from(output))
  })

  test('our client takes the proof of its issuer for a batch, and for nothing else', () => {
    const blinded = Array.from({ length: 5 }, () =>
      Buffer.from(peer.voprf.blind(randomBytes(98)).blinded),
    )
    const answer = peer.voprf.blindEvaluateBatch(secretKey, publicKey, blinded)
    const evaluations = blinded.map((element, index) => ({
      blinded: element,
      evaluated: Buffer.from(answer.evaluated[index] ?? ''),
    }))
    const proof = Buffer.from(answer.proof)
    expect(verifyEvaluations(suite, { publicKey, evaluations, proof })).toBe(true)
    const swapped = evaluations.toReversed()
    expect(verifyEvaluations(suite, { publicKey, evaluations: swapped, proof })).toBe(false)
  })
})

test('its client takes an amortized batch of ours', () => {
  const group = oprfGroups.voprfRistretto255
  const secretKey = group.randomScalar(randomBytes)
  const key = voprfIssuerKey({ group, secretKey, issuer: 'a.example', randomness: randomBytes })
  const asked = Array.from({ length: 32 }, () => {
    const input = randomBytes(98)
    return { input, ...ristretto255_oprf.voprf.blind(input) }
  })
  const response = key.evaluateBatch?.({
    tokenType: 'voprfRistretto255',
    truncatedTokenKeyId: key.tokenKey.keyId[31] ?? 0,
    blindedMessages: asked.map(({ blinded }) => Buffer.from(blinded)),
  })
  if (response === undefined) throw new Error('no batch was issued')
  const items = asked.map((each, index) => ({
    ...each,
    evaluated: response.evaluatedMessages[index] ?? Buffer.alloc(0),
  }))
  const { publicKey } = key.tokenKey
  const outputs = ristretto255_oprf.voprf.finalizeBatch(items, publicKey, response.evaluatedProof)
  expect(outputs).toHaveLength(32)
})
