import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseMimiUri } from '../../../../src/model/ids.ts'
import { decryptWithLabel } from '../../../../src/mls-crypto/hpke.ts'
import { generateKeyPair } from '../../../../src/mls-crypto/kem.ts'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import { hubSigner, sealGroupInfo } from '../../../../src/protocols/mimi/seal-group-info.ts'
import { decode, encode, opaque } from '../../../../src/wire/codec.ts'
import {
  groupInfoEncryptionLabel as label,
  groupInfoRatchetTreeTBECodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
} from '../../../../src/wire/mimi/group-info.ts'
import { groupInfoCodec } from '../../../../src/wire/mls/group-info.ts'
import { codeOf } from '../../../support/mimi-requests.ts'
import { groupOf } from '../../../support/mls-members.ts'
import { basicCredential } from '../../../support/mls-samples.ts'

const room = parseMimiUri('mimi://a.example/r/clubhouse', 'room')
const signer = hubSigner(generateKeyPairSync('ed25519').privateKey, 'a.example')
const plaintext = published()

function published(): Buffer {
  const [group] = groupOf(['mimi://a.example/u/alice'])
  const value = group!.groupInfo()
  const ratchetTree = decode(opaque(0x3fff_ffff), group!.ratchetTree())
  return encode(groupInfoRatchetTreeTBECodec, {
    groupInfo: { value, bytes: encode(groupInfoCodec, value) },
    ratchetTreeOption: { representation: 'full', ratchetTree },
    pendingProposals: [],
  })
}

function request(cipherSuite: number, groupInfoPublicKey: Buffer): Buffer {
  return encode(groupInfoRequestCodec, {
    protocol: 'mls10',
    cipherSuite,
    requestingSignatureKey: Buffer.alloc(32),
    requestingCredential: basicCredential('mimi://b.example/u/bob'),
    groupInfoPublicKey,
    joiningCode: Buffer.alloc(0),
    signature: Buffer.alloc(64),
  })
}

test.each([1, 2, 3, 4, 5, 6, 7])('suite %i: whoever asked opens it, and nobody else', (code) => {
  const suite = mlsSuite(code)
  const asking = generateKeyPair(suite, randomBytes)
  const asked = request(code, asking.publicKey)
  const sealed = sealGroupInfo({ request: asked, room, plaintext }, signer)
  const response = decode(groupInfoResponseCodec, sealed)
  if (response.status !== 'success') throw new Error(response.status)
  const inside = { ...response.encryptedGroupinfoAndTree, label, context: Buffer.from(room) }
  expect(response.cipherSuite).toBe(code)
  expect(decryptWithLabel(suite, asking.privateKey, inside)).toEqual(plaintext)
  const other = generateKeyPair(suite, randomBytes)
  expect(() => decryptWithLabel(suite, other.privateKey, inside)).toThrow('decryption-failed')
})

function refusalOf(asked: Buffer): string {
  return codeOf(() => sealGroupInfo({ request: asked, room, plaintext }, signer))
}

test('a suite that is not known and a key that is none are refused', () => {
  expect(refusalOf(request(8, Buffer.alloc(32, 1)))).toBe('key-unavailable')
  expect(refusalOf(request(1, Buffer.alloc(31, 1)))).toBe('malformed-body')
  expect(refusalOf(request(2, Buffer.alloc(65, 4)))).toBe('malformed-body')
})
