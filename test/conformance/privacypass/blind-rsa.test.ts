import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  blindMessage,
  blindSign,
  rsaPublicKey,
  unblindSignature,
} from '../../../src/privacypass/blind-rsa/blind-signature.ts'
import { encodePss } from '../../../src/privacypass/blind-rsa/pss-encoding.ts'
import { vectorJson } from '../../support/vectors.ts'

const hex = z.string().transform((text) => text.replace(/^0x/, ''))
const vectorSchema = z.array(
  z.object({
    name: z.string().default('RSABSSA-SHA384-PSS-Deterministic'),
    p: hex,
    q: hex,
    n: hex,
    e: hex,
    d: hex,
    msg: hex,
    input_msg: hex.optional(),
    salt: hex.default(''),
    inv: hex,
    encoded_msg: hex.optional(),
    blinded_msg: hex,
    blind_sig: hex,
    sig: hex,
  }),
)
type Vector = z.infer<typeof vectorSchema>[number]

const read = (name: string) => vectorSchema.parse(vectorJson(`ratelimit/${name}`) ?? [])
const vectors = [
  ...read('blindrsa-ts__rfc9474.json'),
  ...read('rfc9474_draft_test_vectors.json').map((vector, index) => ({
    ...vector,
    name: `${vector.name}, draft ${index + 1}`,
  })),
]

// Where the vectors are absent `vectorJson` says so.
test.skipIf(vectors.length === 0)('there are vectors of every variant of RFC 9474', () => {
  expect(vectors.map(({ name }) => name)).toEqual([
    'RSABSSA-SHA384-PSS-Randomized',
    'RSABSSA-SHA384-PSSZERO-Randomized',
    'RSABSSA-SHA384-PSS-Deterministic',
    'RSABSSA-SHA384-PSSZERO-Deterministic',
    'RSABSSA-SHA384-PSS-Deterministic, draft 1',
    'RSABSSA-SHA384-PSS-Deterministic, draft 2',
  ])
})

describe.each(vectors)('$name', (vector) => {
  const message = octets(vector.input_msg ?? vector.msg)
  const salt = octets(vector.salt)
  const blinding = { message, salt, blind: inverseOf(vector) }

  test('encodes the message as the vector does', () => {
    const modulusBits = BigInt(`0x${vector.n}`).toString(2).length
    const encoded = encodePss(message, salt, modulusBits).toString('hex')
    expect(encoded).toBe(vector.encoded_msg ?? encoded)
  })

  test('blinds, signs and unblinds to the octets of the vector', () => {
    const { privateKey, publicKey } = keysOf(vector)
    const blinded = blindMessage(publicKey, blinding)
    expect(blinded?.blindedMessage.toString('hex')).toBe(vector.blinded_msg)
    const blindSignature = blindSign(privateKey, publicKey, octets(vector.blinded_msg))
    expect(blindSignature?.toString('hex')).toBe(vector.blind_sig)
    const signature = unblindSignature(publicKey, {
      message,
      inverse: BigInt(`0x${vector.inv}`),
      blindSignature: octets(vector.blind_sig),
      saltBytes: salt.length,
    })
    expect(signature?.toString('hex')).toBe(vector.sig)
  })

  test('takes no answer with one bit changed', () => {
    const blindSignature = octets(vector.blind_sig)
    blindSignature[blindSignature.length - 1] = (blindSignature.at(-1) ?? 0) ^ 1
    const { publicKey } = keysOf(vector)
    const inverse = BigInt(`0x${vector.inv}`)
    expect(
      unblindSignature(publicKey, { message, inverse, blindSignature, saltBytes: salt.length }),
    ).toBeUndefined()
  })

  test('signs nothing that is not below the modulus', () => {
    const { privateKey, publicKey } = keysOf(vector)
    expect(blindSign(privateKey, publicKey, octets(vector.n))).toBeUndefined()
    expect(blindSign(privateKey, publicKey, octets(vector.blinded_msg).subarray(1))).toBeUndefined()
  })
})

function octets(text: string): Buffer {
  return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex')
}

/** The vectors give the inverse of the blind, from which the blind follows. */
function inverseOf({ inv, n, p, q }: Vector): bigint {
  const phi = (BigInt(`0x${p}`) - 1n) * (BigInt(`0x${q}`) - 1n)
  return power(BigInt(`0x${inv}`), phi - 1n, BigInt(`0x${n}`))
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function base64(value: bigint | string): string {
  return octets(typeof value === 'string' ? value : value.toString(16)).toString('base64url')
}

function keysOf({ n, e, d, p, q }: Vector) {
  const [dInteger, pInteger, qInteger] = [d, p, q].map((text) => BigInt(`0x${text}`)) as [
    bigint,
    bigint,
    bigint,
  ]
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: base64(n),
      e: base64(e),
      d: base64(d),
      p: base64(p),
      q: base64(q),
      dp: base64(dInteger % (pInteger - 1n)),
      dq: base64(dInteger % (qInteger - 1n)),
      qi: base64(power(qInteger, pInteger - 2n, pInteger)),
    },
  })
  return { privateKey, publicKey: rsaPublicKey(createPublicKey(privateKey)) }
}
