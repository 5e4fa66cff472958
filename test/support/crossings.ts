import type { Crossing } from '../../demo/recording.ts'
import { encode } from '../../src/wire/codec.ts'
import { fanoutMessageCodec } from '../../src/wire/mimi/fanout.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../src/wire/mimi/submit-message.ts'
import { privateMessage } from './mls-samples.ts'

/** What every crossing of these tests is about. */
export const sample = {
  room: 'mimi://a.example/r/clubhouse',
  otherRoom: 'mimi://a.example/r/lobby',
  bob: 'mimi://b.example/u/bob',
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
