import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decryptWithLabel, encryptWithLabel } from '../../../src/mls-crypto/hpke.ts'
import {
  deriveSecret,
  deriveTreeSecret,
  expandWithLabel,
  refHash,
} from '../../../src/mls-crypto/key-derivation.ts'
import {
  signatureKeyPair,
  signLabelled,
  verifyLabelled,
} from '../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { fromHex } from '../../support/hex.ts'
import { vectorJson } from '../../support/vectors.ts'

interface Case {
  readonly cipher_suite: number
  readonly ref_hash: { label: string; value: string; out: string }
  readonly expand_with_label: {
    secret: string
    label: string
    context: string
    length: number
    out: string
  }
  readonly derive_secret: { secret: string; label: string; out: string }
  readonly derive_tree_secret: {
    secret: string
    label: string
    generation: number
    length: number
    out: string
  }
  readonly sign_with_label: {
    priv: string
    pub: string
    label: string
    content: string
    signature: string
  }
  readonly encrypt_with_label: {
    priv: string
    pub: string
    label: string
    context: string
    plaintext: string
    kem_output: string
    ciphertext: string
  }
}

const cases = (vectorJson('mls/crypto-basics.json.gz') ?? []) as readonly Case[]

// Where the vectors are absent `vectorJson` says so.
test.skipIf(cases.length === 0)('there are vectors of every suite of RFC 9420', () => {
  expect(cases.map((vector) => vector.cipher_suite)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test.each(cases)('suite $cipher_suite derives what the vectors derive', (vector) => {
  const suite = mlsSuite(vector.cipher_suite)
  const { ref_hash: ref, expand_with_label: expand } = vector
  const { derive_secret: derive, derive_tree_secret: tree } = vector
  expect(refHash(suite, ref.label, fromHex(ref.value))).toEqual(fromHex(ref.out))
  expect(
    expandWithLabel(suite, fromHex(expand.secret), {
      label: expand.label,
      context: fromHex(expand.context),
      bytes: expand.length,
    }),
  ).toEqual(fromHex(expand.out))
  expect(deriveSecret(suite, fromHex(derive.secret), derive.label)).toEqual(fromHex(derive.out))
  expect(deriveTreeSecret(suite, fromHex(tree.secret), { ...tree, bytes: tree.length })).toEqual(
    fromHex(tree.out),
  )
})

test.each(cases)('suite $cipher_suite signs and verifies', (vector) => {
  const suite = mlsSuite(vector.cipher_suite)
  const { priv, pub, label, content: hex, signature } = vector.sign_with_label
  const content = fromHex(hex)
  const keys = signatureKeyPair(suite, fromHex(priv))
  expect(keys.publicKey).toEqual(fromHex(pub))
  const claim = { label, content, signature: fromHex(signature) }
  expect(verifyLabelled(suite, keys.publicKey, claim)).toBe(true)
  expect(verifyLabelled(suite, keys.publicKey, { ...claim, label: 'Other' })).toBe(false)
  const own = signLabelled(suite, keys, { label, content })
  expect(verifyLabelled(suite, keys.publicKey, { label, content, signature: own })).toBe(true)
})

test.each(cases)('suite $cipher_suite opens what HPKE sealed', (vector) => {
  const suite = mlsSuite(vector.cipher_suite)
  const { priv, pub, label, ...hex } = vector.encrypt_with_label
  const context = fromHex(hex.context)
  const plaintext = fromHex(hex.plaintext)
  const sealed = { kemOutput: fromHex(hex.kem_output), ciphertext: fromHex(hex.ciphertext) }
  const open = (message: typeof sealed) =>
    decryptWithLabel(suite, fromHex(priv), { ...message, label, context })
  expect(open(sealed)).toEqual(plaintext)
  const own = { publicKey: fromHex(pub), plaintext, label, context }
  expect(open(encryptWithLabel(suite, own, randomBytes))).toEqual(plaintext)
  const flipped = Buffer.from(sealed.ciphertext)
  flipped[0] = (flipped[0] ?? 0) ^ 1
  expect(() => open({ ...sealed, ciphertext: flipped })).toThrow('decryption-failed')
})
