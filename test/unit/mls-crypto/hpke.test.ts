import {
  Aes128Gcm,
  Aes256Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemP384HkdfSha384,
  DhkemX25519HkdfSha256,
  HkdfSha256,
  HkdfSha384,
} from '@hpke/core'
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CryptoError } from '../../../src/mls-crypto/errors.ts'
import { hpkeOpen, hpkeSeal } from '../../../src/mls-crypto/hpke.ts'
import { generateKeyPair } from '../../../src/mls-crypto/kem.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'

const plaintext = Buffer.from('what was reported')
const info = Buffer.from('info')
const aad = Buffer.from('rep-1')
const under = { info, aad }

// The other implementation has no ChaCha20, P-521 or X448 in this package.
describe.each([
  [
    1,
    new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Aes128Gcm(),
    }),
  ],
  [
    2,
    new CipherSuite({
      kem: new DhkemP256HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Aes128Gcm(),
    }),
  ],
  [
    7,
    new CipherSuite({
      kem: new DhkemP384HkdfSha384(),
      kdf: new HkdfSha384(),
      aead: new Aes256Gcm(),
    }),
  ],
])('suite %i and @hpke/core', (code, other) => {
  const suite = mlsSuite(code)
  const { publicKey, privateKey } = generateKeyPair(suite, randomBytes)

  test('it opens what we seal', async () => {
    const sealed = hpkeSeal(suite, { publicKey, plaintext, ...under }, randomBytes)
    const recipientKey = await other.kem.importKey('raw', copy(privateKey), false)
    const opened = await other.open(
      { recipientKey, enc: copy(sealed.kemOutput), info: copy(info) },
      copy(sealed.ciphertext),
      copy(aad),
    )
    expect(Buffer.from(opened)).toEqual(plaintext)
  })

  test('we open what it seals', async () => {
    const recipientPublicKey = await other.kem.importKey('raw', copy(publicKey))
    const { enc, ct } = await other.seal(
      { recipientPublicKey, info: copy(info) },
      copy(plaintext),
      copy(aad),
    )
    const sealed = { kemOutput: Buffer.from(enc), ciphertext: Buffer.from(ct) }
    expect(hpkeOpen(suite, privateKey, { ...sealed, ...under })).toEqual(plaintext)
  })
})

describe.each([1, 2, 3, 4, 5, 6, 7])('suite %i', (code) => {
  const suite = mlsSuite(code)
  const { publicKey, privateKey } = generateKeyPair(suite, randomBytes)
  const sealed = hpkeSeal(suite, { publicKey, plaintext, ...under }, randomBytes)
  const open = (change: Partial<typeof sealed & typeof under>) => () =>
    hpkeOpen(suite, privateKey, { ...sealed, ...under, ...change })

  test('opens what it sealed, and seals nothing twice alike', () => {
    const again = hpkeSeal(suite, { publicKey, plaintext, ...under }, randomBytes)
    expect(open({})()).toEqual(plaintext)
    expect(open(again)()).toEqual(plaintext)
    expect(again.kemOutput).not.toEqual(sealed.kemOutput)
    expect(again.ciphertext).not.toEqual(sealed.ciphertext)
  })

  test('opens nothing that was changed or is for something else', () => {
    const other = generateKeyPair(suite, randomBytes)
    const attempts = [
      open({ info: Buffer.from('other') }),
      open({ aad: Buffer.from('rep-2') }),
      open({ ciphertext: flipped(sealed.ciphertext) }),
      open({ ciphertext: sealed.ciphertext.subarray(0, 15) }),
      open({ ciphertext: Buffer.alloc(0) }),
      open({ kemOutput: other.publicKey }),
      () => hpkeOpen(suite, other.privateKey, { ...sealed, ...under }),
    ]
    for (const attempt of attempts) expect(attempt).toThrow(new CryptoError('decryption-failed'))
  })

  test('keys that are none are refused', () => {
    const keys = [
      Buffer.alloc(0),
      Buffer.alloc(publicKey.length),
      publicKey.subarray(1),
      Buffer.concat([publicKey, Buffer.of(0)]),
    ]
    for (const key of keys) {
      const seal = () => hpkeSeal(suite, { publicKey: key, plaintext, ...under }, randomBytes)
      expect(seal).toThrow(new CryptoError('invalid-key'))
      expect(open({ kemOutput: key })).toThrow(new CryptoError('invalid-key'))
    }
  })
})

function flipped(bytes: Buffer): Buffer {
  const copied = Buffer.from(bytes)
  copied[0] = (copied[0] ?? 0) ^ 1
  return copied
}

function copy(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
