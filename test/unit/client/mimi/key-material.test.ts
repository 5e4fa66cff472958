import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { generateSignatureKeyPair, verifyLabelled } from '../../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import { keyMaterialRequest, usableKeyMaterial } from '../../../../src/client/mimi/key-material.ts'
import { requiredOf } from '../../../../src/client/mimi/room-extensions.ts'
import { createKeyPackage } from '../../../../src/client/mls/key-package.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialRequestTBSCodec,
} from '../../../../src/wire/mimi/key-material.ts'
import type { KeyPackage } from '../../../../src/wire/mls/key-package.ts'
import { keyPackageOf, NOW_MS } from '../../../support/mls-members.ts'

const suite = mlsSuite(1)
const bob = 'mimi://b.example/u/bob'
const required = requiredOf(false)

function usable(keyPackages: readonly KeyPackage[], nowMs = NOW_MS) {
  return usableKeyMaterial(suite, keyPackages, { nowMs, required, expectedUser: bob })
}

test('a request is signed over all of it', () => {
  const signer = generateSignatureKeyPair(suite)
  const credential = { kind: 'basic', identity: Buffer.from('mimi://a.example/u/alice') } as const
  const question = {
    requestingUser: 'mimi://a.example/u/alice',
    targetUser: bob,
    room: 'mimi://a.example/r/clubhouse',
    required,
  }
  const request = decode(
    keyMaterialRequestCodec,
    keyMaterialRequest(suite, { signer, credential }, question),
  )
  const claim = {
    label: 'KeyMaterialRequestTBS',
    content: encode(keyMaterialRequestTBSCodec, request),
    signature: request.keyMaterialRequestSignature,
  }
  expect(verifyLabelled(suite, signer.publicKey, claim)).toBe(true)
})

test('valid KeyPackages of one user are usable', () => {
  const keyPackages = [keyPackageOf(bob), keyPackageOf(bob)].map(({ keyPackage }) => keyPackage)
  expect(usable(keyPackages)).toEqual({ keyPackages, participant: bob })
})

test('a KeyPackage that is expired, not valid yet, altered or of another suite is dropped', () => {
  const { keyPackage } = keyPackageOf(bob)
  const day = 86_400_000
  expect(usable([keyPackage], NOW_MS + 31 * day)).toBeUndefined()
  expect(usable([keyPackage], NOW_MS - day)).toBeUndefined()
  expect(usable([{ ...keyPackage, signature: randomBytes(64) }])).toBeUndefined()
  const { leafNode } = keyPackage
  const sameKeys = { ...keyPackage, initKey: leafNode.encryptionKey }
  expect(usable([sameKeys])).toBeUndefined()
  const other = keyPackageOf(bob, mlsSuite(3)).keyPackage
  expect(usable([other])).toBeUndefined()
  expect(usable([other, keyPackage])?.keyPackages).toEqual([keyPackage])
})

test('KeyPackages of somebody else are refused', () => {
  const mallory = keyPackageOf('mimi://b.example/u/mallory').keyPackage
  expect(() => usable([mallory])).toThrow('invalid-answer')
  expect(() => usable([keyPackageOf(bob).keyPackage, mallory])).toThrow('invalid-answer')
})

test('lifetimes begin an hour early, for clocks that are behind', () => {
  const { identity } = keyPackageOf(bob)
  const { keyPackage } = createKeyPackage(suite, identity, {
    nowMs: NOW_MS,
    lifetimeMs: 1_000,
    randomness: randomBytes,
  })
  expect(keyPackage.leafNode.source).toEqual({
    kind: 'key-package',
    notBefore: BigInt(NOW_MS / 1_000 - 3_600),
    notAfter: BigInt(NOW_MS / 1_000 + 1),
  })
})
