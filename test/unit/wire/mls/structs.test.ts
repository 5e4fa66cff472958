import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../../../src/wire/codec.ts'
import {
  appDataDictionaryCodec,
  componentData,
  withComponent,
} from '../../../../src/wire/mls/app-data.ts'
import {
  credentialCodec,
  credentialType,
  type Credential,
} from '../../../../src/wire/mls/credential.ts'
import { externalSendersCodec } from '../../../../src/wire/mls/external-sender.ts'
import { publicMessageCodec } from '../../../../src/wire/mls/framing.ts'
import { proposalCodec, type Proposal } from '../../../../src/wire/mls/proposal.ts'
import { fromHex } from '../../../support/hex.ts'
import { signContent, verifyWithLabel } from '../../../../src/wire/mls/sign-with-label.ts'

const credentials: readonly (readonly [Credential, string])[] = [
  [{ kind: 'basic', identity: Buffer.from('ab') }, '0001 026162'],
  [{ kind: 'x509', certificates: [Buffer.from('a'), Buffer.from('b')] }, '0002 04 0161 0162'],
  [
    {
      kind: 'pseudonymous',
      clientPseudonym: Buffer.from('c'),
      userPseudonym: Buffer.from('u'),
      signaturePublicKey: Buffer.from('k'),
      identityLinkCiphertext: Buffer.from('i'),
    },
    'f4d1 0163 0175 016b 0169',
  ],
  [{ kind: 'other', type: 3, content: Buffer.from('x') }, '0003 0178'],
]

test.each(credentials)('a credential is %o', (credential, hex) => {
  expect(encode(credentialCodec, credential)).toEqual(fromHex(hex))
  expect(decode(credentialCodec, fromHex(hex))).toEqual(credential)
  expect(credentialType(credential)).toBe(fromHex(hex).readUInt16BE())
})

const proposals: readonly (readonly [Proposal, string])[] = [
  [{ kind: 'remove', removed: 5 }, '0003 00000005'],
  [
    {
      kind: 'app-data-update',
      componentId: 0x22,
      operation: { kind: 'update', update: Buffer.from('u') },
    },
    '0008 0022 01 0175',
  ],
  [{ kind: 'app-data-update', componentId: 0x22, operation: { kind: 'remove' } }, '0008 0022 02'],
  [{ kind: 'app-ephemeral', componentId: 0x50, data: Buffer.from('d') }, '0009 0050 0164'],
  [{ kind: 'self-remove' }, '000a'],
]

test.each(proposals)('a proposal is %o', (proposal, hex) => {
  expect(encode(proposalCodec, proposal)).toEqual(fromHex(hex))
  expect(decode(proposalCodec, fromHex(hex))).toEqual(proposal)
})

test('external senders are a vector, as in the RFC', () => {
  const senders = [{ signatureKey: Buffer.from('k'), credential: credentials[0]![0] }]
  const hex = '07 016b 0001 026162'
  expect(encode(externalSendersCodec, senders)).toEqual(fromHex(hex))
  expect(decode(externalSendersCodec, fromHex(hex))).toEqual(senders)
})

describe('a dictionary', () => {
  const empty = { componentData: [] }

  test('stays sorted when components are set', () => {
    const two = withComponent(withComponent(empty, 0x22, Buffer.from('b')), 0x21, Buffer.from('a'))
    expect(encode(appDataDictionaryCodec, two)).toEqual(fromHex('08 0021 0161 0022 0162'))
    expect(componentData(withComponent(two, 0x21, Buffer.from('c')), 0x21)).toEqual(
      Buffer.from('c'),
    )
  })

  test('forgets a component that is taken out', () => {
    const one = withComponent(empty, 0x22, Buffer.from('b'))
    expect(withComponent(one, 0x22, undefined)).toEqual(empty)
    expect(componentData(one, 0x21)).toBeUndefined()
  })
})

test('a message without the tag that its sender needs cannot be written', () => {
  const message = {
    content: {
      groupId: Buffer.alloc(0),
      epoch: 0n,
      sender: { kind: 'member', leafIndex: 0 },
      authenticatedData: Buffer.alloc(0),
      content: { kind: 'proposal', proposal: { kind: 'self-remove' } },
    },
    signature: Buffer.alloc(0),
    confirmationTag: undefined,
    membershipTag: undefined,
  } as const
  expect(() => encode(publicMessageCodec, message)).toThrow(RangeError)
})

test('SignContent is the prefixed label and the content', () => {
  expect(signContent('L', Buffer.from('c'))).toEqual(Buffer.from('\x09MLS 1.0 L\x01c'))
})

test('bytes that are no key, and suites that are not known, verify nothing', () => {
  const claim = { label: 'L', content: Buffer.alloc(0), signature: Buffer.alloc(64) }
  for (const [cipherSuite, publicKey] of [
    [1, Buffer.alloc(31)],
    [2, Buffer.alloc(65)],
    [2, Buffer.alloc(33, 2)],
    [8, Buffer.alloc(32)],
    [0, Buffer.alloc(32)],
  ] as const)
    expect(verifyWithLabel({ ...claim, cipherSuite, publicKey })).toBe(false)
})
