import { createPrivateKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../../../src/wire/codec.ts'
import { cipherSuite } from '../../../../src/wire/mls/cipher-suite.ts'
import { framedContentTbs } from '../../../../src/wire/mls/framing.ts'
import { keyPackageRef } from '../../../../src/wire/mls/key-package-ref.ts'
import { keyPackageCodec, keyPackageTbs } from '../../../../src/wire/mls/key-package.ts'
import { leafNodeTbs } from '../../../../src/wire/mls/leaf-node.ts'
import { mlsMessageCodec } from '../../../../src/wire/mls/message.ts'
import { signWithLabel, verifyWithLabel } from '../../../../src/wire/mls/sign-with-label.ts'
import { vectorJson } from '../../../support/vectors.ts'

interface BasicsCase {
  readonly cipher_suite: number
  readonly sign_with_label: Readonly<
    Record<'content' | 'label' | 'priv' | 'pub' | 'signature', string>
  >
}
interface WelcomeCase {
  readonly cipher_suite: number
  readonly key_package: string
  readonly welcome: string
}
interface ProtectionCase {
  readonly cipher_suite: number
  readonly group_id: string
  readonly epoch: number
  readonly tree_hash: string
  readonly confirmed_transcript_hash: string
  readonly signature_pub: string
  readonly proposal_pub: string
  readonly commit_pub: string
}
const basics = vectorJson('mls/crypto-basics.json.gz') as readonly BasicsCase[] | undefined
const welcomes = vectorJson('mls/welcome.json.gz') as readonly WelcomeCase[] | undefined
const protections = vectorJson('mls/message-protection.json.gz') as
  readonly ProtectionCase[] | undefined
const bytes = (hex: string) => Buffer.from(hex, 'hex')

describe.skipIf(basics === undefined)('the official vectors for labelled signatures', () => {
  test.each(basics ?? [])('suite $cipher_suite verifies', (one) => {
    const { label, content, pub, signature } = one.sign_with_label
    const claim = {
      cipherSuite: one.cipher_suite,
      publicKey: bytes(pub),
      label,
      content: bytes(content),
      signature: bytes(signature),
    }
    expect(verifyWithLabel(claim)).toBe(true)
    expect(verifyWithLabel({ ...claim, label: `${label}x` })).toBe(false)
    const changed = bytes(signature)
    changed[4] = (changed[4] ?? 0) ^ 1
    expect(verifyWithLabel({ ...claim, signature: changed })).toBe(false)
  })

  test('Ed25519 signs as the vector does', () => {
    const one = basics?.[0]?.sign_with_label
    if (one === undefined) throw new Error('no case')
    const pkcs8 = Buffer.concat([
      bytes('302e020100300506032b657004220420'),
      bytes(one.priv).subarray(0, 32),
    ])
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    expect(signWithLabel({ cipherSuite: 1, privateKey }, one.label, bytes(one.content))).toEqual(
      bytes(one.signature),
    )
  })
})

describe.skipIf(welcomes === undefined)('the official vectors for welcomes', () => {
  test.each(welcomes ?? [])('suite $cipher_suite: the KeyPackage is the one welcomed', (one) => {
    const suite = cipherSuite(one.cipher_suite)
    const message = decode(mlsMessageCodec, bytes(one.key_package))
    const welcome = decode(mlsMessageCodec, bytes(one.welcome))
    if (suite === undefined || message.kind !== 'key-package' || welcome.kind !== 'welcome')
      throw new Error('unexpected case')
    const { keyPackage } = message
    const ref = keyPackageRef(suite, encode(keyPackageCodec, keyPackage))
    expect(welcome.welcome.secrets.map(({ newMember }) => newMember)).toContainEqual(ref)
    const publicKey = keyPackage.leafNode.signatureKey
    expect(
      verifyWithLabel({
        cipherSuite: one.cipher_suite,
        publicKey,
        label: 'KeyPackageTBS',
        content: keyPackageTbs(keyPackage),
        signature: keyPackage.signature,
      }),
    ).toBe(true)
    expect(
      verifyWithLabel({
        cipherSuite: one.cipher_suite,
        publicKey,
        label: 'LeafNodeTBS',
        content: leafNodeTbs(keyPackage.leafNode, { groupId: Buffer.alloc(0), leafIndex: 0 }),
        signature: keyPackage.leafNode.signature,
      }),
    ).toBe(true)
  })
})

describe.skipIf(protections === undefined)('the official vectors for message protection', () => {
  test.each(protections ?? [])('suite $cipher_suite: public messages verify', (one) => {
    const groupContext = {
      version: 1,
      cipherSuite: one.cipher_suite,
      groupId: bytes(one.group_id),
      epoch: BigInt(one.epoch),
      treeHash: bytes(one.tree_hash),
      confirmedTranscriptHash: bytes(one.confirmed_transcript_hash),
      extensions: [],
    } as const
    for (const hex of [one.proposal_pub, one.commit_pub]) {
      const message = decode(mlsMessageCodec, bytes(hex))
      if (message.kind !== 'public') throw new Error('unexpected case')
      const { content, signature } = message.publicMessage
      expect(
        verifyWithLabel({
          cipherSuite: one.cipher_suite,
          publicKey: bytes(one.signature_pub),
          label: 'FramedContentTBS',
          content: framedContentTbs({ wireFormat: 1, content }, groupContext),
          signature,
        }),
      ).toBe(true)
    }
  })
})
