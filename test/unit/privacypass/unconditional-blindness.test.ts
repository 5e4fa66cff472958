import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import {
  blindMessage,
  rsaPublicKey,
  unblindSignature,
} from '../../../src/privacypass/blind-rsa/blind-signature.ts'
import { requestBlindRsaToken } from '../../../src/privacypass/blind-rsa/request-token.ts'
import { blindRsaIssuerKey, pssSaltBytes } from '../../../src/privacypass/blind-rsa/token-key.ts'
import { tokenInputBytes, type Token } from '../../../src/privacypass/token.ts'

// The test plays whoever kept all that issuer and hub ever saw and waits for a better computer. It looks
// for the blind that connects an issuance with a token: the quotient of what was signed blindly and the
// signature in the token. The private key would tell it nothing more.

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const publicKey = rsaPublicKey(createPublicKey(privateKey))
const ISSUANCES = 6

/** What an issuer sees of one token. */
interface Issuance {
  readonly blindedMessage: Buffer
  readonly blindSignature: Buffer
}

const issuances: Issuance[] = []
const tokens: { readonly token: Token; readonly salt: Buffer }[] = []

beforeAll(() => {
  const key = blindRsaIssuerKey(privateKey, 'b.example')
  for (let at = 0; at < ISSUANCES; at++) {
    const drawn: Buffer[] = []
    const pending = requestBlindRsaToken({
      challenge: Buffer.from('the same for all'),
      nonce: randomBytes(32),
      tokenKey: key.tokenKey,
      randomness: (length) => {
        const octets = randomBytes(length)
        drawn.push(octets)
        return octets
      },
    })
    const { request } = pending
    const response = key.evaluate(request)
    if (request.tokenType !== 'blindRsa2048' || response?.tokenType !== 'blindRsa2048')
      throw new Error('not issued')
    const { blindedMessage } = request
    issuances.push({ blindedMessage, blindSignature: response.blindSignature })
    const token = pending.finalize(response)
    const [salt] = drawn
    // The salt stands in the signature for whoever verifies it: it is not a secret.
    if (token === undefined || salt?.length !== pssSaltBytes) throw new Error('not finished')
    tokens.push({ token, salt })
  }
})

test('every issuance may have been that of every token: no computer can tell which', () => {
  for (const { blindedMessage, blindSignature } of issuances)
    for (const { token, salt } of tokens) {
      const message = tokenInputBytes(token)
      const blind = connecting(blindSignature, token.authenticator)
      const again = blindMessage(publicKey, { message, salt, blind })
      if (again === undefined) throw new Error('no such blind')
      expect(again.blindedMessage).toEqual(blindedMessage)
      const { inverse } = again
      const saltBytes = pssSaltBytes
      const unblinding = { message, inverse, blindSignature, saltBytes }
      expect(unblindSignature(publicKey, unblinding)).toEqual(token.authenticator)
    }
})

test('each issuance has another blind for each token: none is likelier than another', () => {
  const blinds = issuances.flatMap(({ blindSignature }) =>
    tokens.map(({ token }) => connecting(blindSignature, token.authenticator)),
  )
  expect(new Set(blinds).size).toBe(ISSUANCES ** 2)
  for (const blind of blinds) expect(blind > 0n && blind < publicKey.modulus).toBe(true)
})

/** The one blind that makes this signature of what was signed blindly. */
function connecting(blindSignature: Buffer, signature: Buffer): bigint {
  const { modulus } = publicKey
  return (toInteger(blindSignature) * inverseOf(toInteger(signature), modulus)) % modulus
}

/** Euclid's algorithm. */
function inverseOf(value: bigint, modulus: bigint): bigint {
  let [before, rest] = [modulus, value % modulus]
  let [factorBefore, factor] = [0n, 1n]
  while (rest > 1n) {
    const quotient = before / rest
    ;[before, rest] = [rest, before - quotient * rest]
    ;[factorBefore, factor] = [factor, factorBefore - quotient * factor]
  }
  return ((factor % modulus) + modulus) % modulus
}

function toInteger(octets: Buffer): bigint {
  return BigInt(`0x${octets.toString('hex')}`)
}
