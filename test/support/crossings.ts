import { generateKeyPairSync } from 'node:crypto'
import type { Crossing } from '../../demo/recording.ts'
import type { Notice } from '../../src/notices/messages.ts'
import { noticesPath, signMessage } from '../../src/notices/signed-message.ts'
import { encode } from '../../src/wire/codec.ts'
import { fanoutMessageCodec } from '../../src/wire/mimi/fanout.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  type ClientKeyMaterial,
  type KeyMaterialResponse,
} from '../../src/wire/mimi/key-material.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../src/wire/mimi/submit-message.ts'
import { keyPackageCodec } from '../../src/wire/mls/key-package.ts'
import { basicCredential, privateMessage, sampleKeyPackage } from './mls-samples.ts'

/** What every crossing of these tests is about. */
export const sample = {
  room: 'mimi://a.example/r/clubhouse',
  otherRoom: 'mimi://a.example/r/lobby',
  bob: 'mimi://b.example/u/bob',
  cathy: 'mimi://c.example/u/cathy',
  bobsPseudonym: 'mimi://b.example/u/6ff32c0a-1b2d-4c5e-8f90-0123456789ab',
  timestamp: 1_750_000_000_000n,
  frank: {
    serverFrank: Buffer.alloc(32, 1),
    frankingSignatureCiphersuite: 1,
    frankingIntegritySignature: Buffer.alloc(64, 2),
  },
} as const

export interface SampleOptions {
  readonly room?: string
  readonly headers?: readonly string[]
  readonly status?: number
}

/** Bob's provider hands a message to the hub. */
export function submission({
  sender = sample.bobsPseudonym,
  ...options
}: SampleOptions & { sender?: string } = {}): Crossing {
  const request = { protocol: 'mls10', appMessage: privateMessage(), sendingUri: sender } as const
  const { timestamp: acceptedTimestamp, frank } = sample
  const accepted = { protocol: 'mls10', statusCode: 'accepted', acceptedTimestamp, frank } as const
  return crossing({
    from: 'b.example',
    to: 'a.example',
    operation: 'submitMessage',
    body: encode(submitMessageRequestCodec, request),
    answer: encode(submitMessageResponseCodec, accepted),
    ...options,
  })
}

/** The hub hands it on. */
export function delivery(
  to: string,
  {
    timestamp = sample.timestamp,
    franked = true,
    ...options
  }: SampleOptions & { timestamp?: bigint; franked?: boolean } = {},
): Crossing {
  const frank = franked ? sample.frank : undefined
  const fanout = { kind: 'application', timestamp, message: privateMessage(), frank } as const
  return crossing({
    from: 'a.example',
    to,
    operation: 'notify',
    status: 201,
    body: encode(fanoutMessageCodec, fanout),
    answer: Buffer.alloc(0),
    ...options,
  })
}

/** Bob's provider asks the hub for key material of Cathy. */
export function keyMaterial(
  userStatus: KeyMaterialResponse['userStatus'],
  clientStatuses: readonly ('success' | 'keyMaterialExhausted')[],
): Crossing {
  const { bob: requestingUser, cathy: userUri, room: roomId } = sample
  const protocol = 'mls10'
  const request = {
    protocol,
    requestingUser,
    targetUser: userUri,
    roomId,
    acceptableCiphersuites: [1],
    requiredCapabilities: { extensionTypes: [], proposalTypes: [], credentialTypes: [] },
    requesterSignatureKey: Buffer.alloc(32),
    requesterCredential: basicCredential(requestingUser),
    keyMaterialRequestSignature: Buffer.alloc(64),
  } as const
  const clients = clientStatuses.map((clientStatus) => clientOf(userUri, clientStatus))
  return crossing({
    from: 'b.example',
    to: 'a.example',
    operation: 'keyMaterial',
    body: encode(keyMaterialRequestCodec, request),
    answer: encode(keyMaterialResponseCodec, { protocol, userStatus, userUri, clients }),
    room: userUri,
  })
}

function clientOf(
  user: string,
  clientStatus: 'success' | 'keyMaterialExhausted',
): ClientKeyMaterial {
  const clientUri = 'mimi://c.example/d/cathy-phone'
  if (clientStatus === 'keyMaterialExhausted') return { clientStatus, clientUri }
  const value = sampleKeyPackage(user)
  return { clientStatus, clientUri, keyPackage: { value, bytes: encode(keyPackageCodec, value) } }
}

/** The hub tells Cathy's provider of abuse, under a key that nobody here looks at. */
export function notice(fields: Partial<Notice> = {}): Crossing {
  const message: Notice = {
    type: 'notice',
    notice_id: 'ntc-0000000000000000',
    from: 'a.example',
    issued_at: '2026-01-01T00:00:00.000Z',
    subject_pseudonym: 'mimi://c.example/u/6ff32c0a-1b2d-4c5e-8f90-0123456789ac',
    category: 'harassment',
    verification: 'frank',
    requested_action: 'review_account',
    ...fields,
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  const [from, to] = ['a.example', 'c.example']
  const body = Buffer.from(signMessage(message, privateKey).jws)
  const answer = Buffer.alloc(0)
  return { ...crossing({ from, to, operation: '', body, answer }), path: noticesPath }
}

/** The crossings with their places in the recording. */
export function recorded(...crossings: readonly Crossing[]): readonly Crossing[] {
  return crossings.map((item, index) => ({ ...item, index }))
}

function crossing({
  from,
  to,
  operation,
  body,
  answer,
  room = sample.room,
  headers = [],
  status = 200,
}: SampleOptions & {
  from: string
  to: string
  operation: string
  body: Buffer
  answer: Buffer
}): Crossing {
  return {
    index: 0,
    from,
    to,
    method: 'POST',
    path: `/${operation}/${encodeURIComponent(room)}`,
    headers: [
      'Host',
      to,
      'From',
      `mimi@${from}`,
      'Mimi-Metadata-Suite',
      'moderated-pseudonyms',
      ...headers,
    ],
    body,
    answer: { status, headers: [], body: answer },
  }
}
