import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { decode, encode, type Codec } from '../../../../src/wire/codec.ts'
import { fanoutMessageCodec } from '../../../../src/wire/mimi/fanout.ts'
import {
  frankAADCodec,
  frankCodec,
  frankingIntegrityTBSCodec,
  serverFrankingContextCodec,
} from '../../../../src/wire/mimi/franking.ts'
import { identifierResponseCodec } from '../../../../src/wire/mimi/identifier-query.ts'
import { participantListUpdateCodec } from '../../../../src/wire/mimi/participant-list.ts'
import { abuseReportCodec } from '../../../../src/wire/mimi/report-abuse.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  type SubmitMessageResponse,
} from '../../../../src/wire/mimi/submit-message.ts'
import { framedMessageOf } from '../../../../src/wire/mls/header.ts'
import { safeAadCodec } from '../../../../src/wire/mls/safe-aad.ts'
import { fromHex } from '../../../support/hex.ts'
import { vectorJson } from '../../../support/vectors.ts'

/** Whether the bytes decode to the value, and the value encodes to the bytes. */
function bothWays<T>(codec: Codec<T>, hex: string, value: T): boolean {
  const bytes = fromHex(hex)
  return isDeepStrictEqual(decode(codec, bytes), value) && encode(codec, value).equals(bytes)
}

const submitMessageResponses: readonly (readonly [string, SubmitMessageResponse])[] = [
  [
    '01 00 0102030405060708 00',
    {
      protocol: 'mls10',
      statusCode: 'accepted',
      acceptedTimestamp: 0x0102030405060708n,
      frank: undefined,
    },
  ],
  ['01 01', { protocol: 'mls10', statusCode: 'notAllowed' }],
  ['01 02 000000000000002a', { protocol: 'mls10', statusCode: 'epochTooOld', currentEpoch: 42n }],
]

test.each(submitMessageResponses)('the SubmitMessageResponse %s', (hex, value) => {
  expect(bothWays(submitMessageResponseCodec, hex, value)).toBe(true)
})

test('a vector of vectors has nested length prefixes', () => {
  // code | uri<V> { uri<V> "a", uri<V> "b" } | foundProfiles<V> | extensions<V>
  expect(
    bothWays(identifierResponseCodec, '00 04 0161 0162 00 00', {
      responseCode: 'success',
      uri: ['a', 'b'],
      foundProfiles: [],
      idResponseExtensions: { componentData: [] },
    }),
  ).toBe(true)
})

test('a participant list update has its three lists in order', () => {
  expect(
    bothWays(participantListUpdateCodec, '08 0000000200000001 04 00000003 06 0161 00000004', {
      changedRoleParticipants: [{ userIndex: 2, roleIndex: 1 }],
      removedIndices: [3],
      addedParticipants: [{ user: 'a', roleIndex: 4 }],
    }),
  ).toBe(true)
})

interface FrankingVectors {
  readonly message1: Readonly<Record<string, string>> & { readonly accepted_timestamp: number }
  readonly abuse_report_tls: string
}

const franking = vectorJson('reports/mimi/franking-vectors-draft06.json') as
  FrankingVectors | undefined

describe.skipIf(franking === undefined)('the franking vectors', () => {
  const message1 = franking?.message1
  const report = franking?.abuse_report_tls ?? ''
  const hexOf = (name: string) => fromHex(String(message1?.[name]))

  test('the SafeAAD holds the franking tag', () => {
    const { aadItems } = decode(safeAadCodec, hexOf('safe_aad'))
    const tag = hexOf('franking_tag')
    expect(aadItems).toEqual([{ componentId: 0x0020, data: tag }])
    expect(decode(frankAADCodec, tag)).toEqual({ frankingTag: tag })
  })

  test('the signed context, the frank and what is signed have the exact bytes', () => {
    const context = {
      senderUri: String(message1?.['sender_uri']),
      roomUri: String(message1?.['room_uri']),
      acceptedTimestamp: BigInt(message1?.accepted_timestamp ?? 0),
    }
    const serverFrank = hexOf('server_frank')
    const frankingIntegritySignature = hexOf('franking_integrity_signature')
    const suite = { frankingSignatureCiphersuite: 1 }
    expect(
      bothWays(serverFrankingContextCodec, String(message1?.['server_franking_context']), context),
    ).toBe(true)
    expect(
      bothWays(frankingIntegrityTBSCodec, String(message1?.['franking_integrity_tbs']), {
        serverFrank,
        ...suite,
        context,
      }),
    ).toBe(true)
    expect(
      bothWays(frankCodec, String(message1?.['frank_struct']), {
        serverFrank,
        ...suite,
        frankingIntegritySignature,
      }),
    ).toBe(true)
  })

  test('the AbuseReport decodes and encodes to the same bytes', () => {
    const decoded = decode(abuseReportCodec, fromHex(report))
    expect(decoded.reportingUser).toBe('')
    expect(decoded.messages[0]?.messageContent).toEqual(hexOf('application_data'))
    expect(encode(abuseReportCodec, decoded).toString('hex')).toBe(report)
  })
})

const sample = vectorJson('mimi/mls-sample.json') as Readonly<Record<string, string>> | undefined

describe.skipIf(sample === undefined)('the MLS sample', () => {
  const message = fromHex(sample?.['private_message'] ?? '')
  const commit = fromHex(sample?.['public_commit_add'] ?? '')

  test('a SubmitMessageRequest delimits the PrivateMessage inside', () => {
    const uri = Buffer.from('mimi://a.example/u/alice')
    const body = Buffer.concat([Buffer.of(1), message, Buffer.of(uri.length), uri])
    const request = decode(submitMessageRequestCodec, body)
    expect(request.appMessage.bytes).toEqual(message)
    expect(framedMessageOf(request.appMessage).frankingTag).toHaveLength(32)
    expect(encode(submitMessageRequestCodec, request)).toEqual(body)
  })

  test('a FanoutMessage of a PrivateMessage ends with an optional frank', () => {
    const body = Buffer.concat([fromHex('0000 0000 0000 002a'), message, Buffer.of(0)])
    const fanout = decode(fanoutMessageCodec, body)
    expect(fanout).toMatchObject({ kind: 'application', timestamp: 42n, frank: undefined })
    expect(encode(fanoutMessageCodec, fanout)).toEqual(body)
  })

  test('a FanoutMessage of a commit ends with external proposals', () => {
    const body = Buffer.concat([fromHex('0000 0000 0000 002a'), commit, Buffer.of(0)])
    const fanout = decode(fanoutMessageCodec, body)
    expect(fanout).toMatchObject({ kind: 'commit', externalProposals: [] })
    expect(fanout.message.bytes).toEqual(commit)
    expect(encode(fanoutMessageCodec, fanout)).toEqual(body)
  })
})
