import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { generateSignatureKeyPair, signLabelled } from '../../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../../src/mls-crypto/suite.ts'
import { toSizeClass } from '../../../../src/client/flows/send-message.ts'
import { buildReport } from '../../../../src/client/mimi/abuse-report.ts'
import {
  checkMessage,
  composeMessage,
  textBody,
  type FrankEvidence,
} from '../../../../src/client/mimi/franked-message.ts'
import type { MlsGroup } from '../../../../src/client/mls/mls-group.ts'
import { createGroup } from '../../../../src/client/mls/open-group.ts'
import { decode, encode } from '../../../../src/wire/codec.ts'
import {
  frankingAgentDataCodec,
  frankingIntegrityTBSCodec,
  type Frank,
} from '../../../../src/wire/mimi/franking.ts'
import { abuseReportCodec } from '../../../../src/wire/mimi/report-abuse.ts'
import { componentIds } from '../../../../src/wire/mls/app-data.ts'
import { privateMessageCodec } from '../../../../src/wire/mls/framing.ts'
import { addAll, keyPackageOf, roomExtensions } from '../../../support/mls-members.ts'

const suite = mlsSuite(1)
const roomUri = 'mimi://a.example/r/clubhouse'
const alice = 'mimi://a.example/u/alice'
const bob = 'mimi://b.example/u/bob'
const agent = generateSignatureKeyPair(suite)
const timestamp = 1_793_491_200_000n

function twoMembers(agentDomain = 'a.example'): [MlsGroup, MlsGroup] {
  const credential = { kind: 'basic', identity: Buffer.from(agentDomain) } as const
  const data = encode(frankingAgentDataCodec, {
    frankingSignatureKey: agent.publicKey,
    credential,
  })
  const components = [{ componentId: componentIds.frankingAgent, data }]
  const a = createGroup(suite, {
    groupId: Buffer.from('mimi://a.example/g/clubhouse'),
    extensions: roomExtensions([alice, bob], { components }),
    keyPackage: keyPackageOf(alice),
  })
  const [b] = addAll([a], [keyPackageOf(bob)])
  if (b === undefined) throw new Error('no member')
  return [a, b]
}

/** What the hub's gateway signs. */
function frankFor(senderUri: string, signer = agent): Frank {
  const serverFrank = Buffer.alloc(32, 5)
  const content = encode(frankingIntegrityTBSCodec, {
    serverFrank,
    frankingSignatureCiphersuite: 1,
    context: { senderUri, roomUri, acceptedTimestamp: timestamp },
  })
  const signature = signLabelled(suite, signer, { label: 'FrankingIntegrityTBS', content })
  return { serverFrank, frankingSignatureCiphersuite: 1, frankingIntegritySignature: signature }
}

interface Told {
  readonly senderUri?: string
  readonly contentRoom?: string
  readonly frank?: Frank | undefined
  readonly tamper?: (applicationData: Buffer) => Buffer
  readonly agentDomain?: string
}

function receive(told: Told = {}) {
  const { senderUri = alice, contentRoom = roomUri, tamper = (data) => data } = told
  const [a, b] = twoMembers(told.agentDomain)
  const body = textBody('hello')
  const composed = composeMessage({ senderUri, roomUri: contentRoom }, { body }, randomBytes)
  const { applicationData, authenticatedData, messageId } = composed
  const message = a.protect(tamper(applicationData), { authenticatedData })
  const frank = 'frank' in told ? told.frank : frankFor(alice)
  const check = checkMessage(b.unprotect(message), { roomUri, timestamp, frank })
  return { check, messageId }
}

test('a franked message is valid and can be reported', () => {
  const { check, messageId } = receive()
  if (check.kind !== 'valid' || check.evidence === undefined) throw new Error('not valid')
  expect(check.messageId).toEqual(messageId)
  expect(check.content).toMatchObject({ senderUri: alice, roomUri })
  const report = decode(abuseReportCodec, buildReport({ messages: [check.evidence], note: 'spam' }))
  expect(report).toMatchObject({ reportingUser: '', allegedAbuserUri: alice })
  expect(report.messages[0]?.messageContent).toEqual(check.evidence.applicationData)
})

test('a message without a frank is shown, and cannot be reported', () => {
  expect(receive({ frank: undefined }).check).toMatchObject({ kind: 'valid', evidence: undefined })
})

test.each<[string, Told]>([
  ['sender-mismatch', { senderUri: bob }],
  ['room-mismatch', { contentRoom: 'mimi://a.example/r/other' }],
  ['malformed-content', { tamper: () => Buffer.from('not CBOR') }],
  [
    'franking-tag-mismatch',
    { tamper: (data) => Buffer.concat([data.subarray(0, -1), Buffer.from('!')]) },
  ],
  ['frank-invalid', { frank: frankFor(bob) }],
  ['frank-invalid', { frank: frankFor(alice, generateSignatureKeyPair(suite)) }],
  ['frank-invalid', { frank: { ...frankFor(alice), frankingSignatureCiphersuite: 3 } }],
  ['frank-invalid', { agentDomain: 'b.example' }],
])('what deceives is refused as %s (%#)', (fault, told) => {
  expect(receive(told).check).toEqual({ kind: 'faulty', fault })
})

test('a report is about one sender', () => {
  const { check } = receive()
  if (check.kind !== 'valid' || check.evidence === undefined) throw new Error('not valid')
  const other: FrankEvidence = { ...check.evidence, senderUri: bob }
  expect(() => buildReport({ messages: [check.evidence as FrankEvidence, other] })).toThrow(
    'mixed-report',
  )
})

test('ciphertexts come in few sizes', () => {
  const [a] = twoMembers()
  const sizes = [1, 50, 300, 1_500, 5_000].map((length) => {
    const message = a.protect(Buffer.alloc(length), { paddingFor: toSizeClass })
    return decode(privateMessageCodec, encode(privateMessageCodec, message)).ciphertext.length
  })
  expect(sizes).toEqual([256, 256, 1_024, 4_096, 8_192])
})
