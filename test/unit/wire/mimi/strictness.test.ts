import { describe, expect, test } from 'vitest'
import { decode, encode, type Codec } from '../../../../src/wire/codec.ts'
import { WireError } from '../../../../src/wire/errors.ts'
import { consentEntryCodec } from '../../../../src/wire/mimi/consent.ts'
import { fanoutMessageCodec } from '../../../../src/wire/mimi/fanout.ts'
import { frankCodec } from '../../../../src/wire/mimi/franking.ts'
import {
  groupInfoRequestTBS,
  groupInfoRequestTBSCodec,
  groupInfoResponseCodec,
  type GroupInfoRequest,
} from '../../../../src/wire/mimi/group-info.ts'
import { identifierRequestCodec } from '../../../../src/wire/mimi/identifier-query.ts'
import { ratchetTreeOptionCodec } from '../../../../src/wire/mimi/ratchet-tree-option.ts'
import { abuseReportCodec } from '../../../../src/wire/mimi/report-abuse.ts'
import { utf8StringCodec } from '../../../../src/wire/mimi/room-metadata.ts'
import { submitMessageResponseCodec } from '../../../../src/wire/mimi/submit-message.ts'
import { tokenKeysCodec } from '../../../../src/wire/mimi/token-keys.ts'
import { updateRequestCodec, updateRoomResponseCodec } from '../../../../src/wire/mimi/update.ts'
import { anyCodec } from '../../../support/any-codec.ts'
import { fromHex } from '../../../support/hex.ts'

function codeOf(codec: Codec<unknown>, hex: string): string {
  try {
    decode(codec, fromHex(hex))
    return 'accepted'
  } catch (error) {
    if (error instanceof WireError) return error.code
    throw error
  }
}

interface Refused {
  readonly what: string
  readonly codec: Codec<unknown>
  readonly hex: string
  readonly code: string
}

const ids = (...octets: readonly string[]) => octets.map((octet) => octet.repeat(32)).join('')
const ofIssuer = (letter: string, type: string, keyIds: string) => `01 ${letter} ${type} ${keyIds}`

const refused: readonly Refused[] = [
  {
    what: 'token keys of nobody',
    codec: anyCodec(tokenKeysCodec),
    hex: `05 ${ofIssuer('61', '0002', '00')}`,
    code: 'invalid-value',
  },
  {
    what: 'three keys of one issuer and type',
    codec: anyCodec(tokenKeysCodec),
    hex: `4066 ${ofIssuer('61', '0002', `4060 ${ids('01', '02', '03')}`)}`,
    code: 'limit-exceeded',
  },
  {
    what: 'a token key twice',
    codec: anyCodec(tokenKeysCodec),
    hex: `4046 ${ofIssuer('61', '0002', `4040 ${ids('01', '01')}`)}`,
    code: 'not-ascending',
  },
  {
    what: 'issuers out of order',
    codec: anyCodec(tokenKeysCodec),
    hex: `404a ${ofIssuer('62', '0002', `20 ${ids('01')}`)} ${ofIssuer('61', '0002', `20 ${ids('01')}`)}`,
    code: 'not-ascending',
  },
  {
    what: 'one type of an issuer twice',
    codec: anyCodec(tokenKeysCodec),
    hex: `404a ${ofIssuer('61', '0002', `20 ${ids('01')}`)} ${ofIssuer('61', '0002', `20 ${ids('02')}`)}`,
    code: 'not-ascending',
  },
  {
    what: 'protocol 0',
    codec: anyCodec(submitMessageResponseCodec),
    hex: '00 01',
    code: 'invalid-value',
  },
  {
    what: 'protocol 2',
    codec: anyCodec(submitMessageResponseCodec),
    hex: '02 01',
    code: 'invalid-value',
  },
  {
    what: 'an unknown status code',
    codec: anyCodec(submitMessageResponseCodec),
    hex: '01 03',
    code: 'invalid-value',
  },
  {
    what: 'a presence octet of 2 before a frank',
    codec: anyCodec(submitMessageResponseCodec),
    hex: '01 00 0000000000000000 02',
    code: 'invalid-presence',
  },
  {
    what: 'left-over bytes',
    codec: anyCodec(submitMessageResponseCodec),
    hex: '01 01 00',
    code: 'trailing-bytes',
  },
  {
    what: 'a cut timestamp',
    codec: anyCodec(submitMessageResponseCodec),
    hex: '01 00 00000000',
    code: 'truncated',
  },
  {
    what: 'a non-minimal length',
    codec: anyCodec(frankCodec),
    hex: `${'00'.repeat(32)} 0001 4001 00`,
    code: 'non-minimal-varint',
  },
  {
    what: 'an 8-byte length',
    codec: anyCodec(frankCodec),
    hex: `${'00'.repeat(32)} 0001 c000000000000000`,
    code: 'varint-too-long',
  },
  {
    what: 'a reserved search type',
    codec: anyCodec(identifierRequestCodec),
    hex: '02 00 00 00',
    code: 'invalid-value',
  },
  {
    what: 'a consent operation of 4',
    codec: anyCodec(consentEntryCodec),
    hex: '04 00 00 00 00',
    code: 'invalid-value',
  },
  {
    what: 'an abuse type that the draft does not list',
    codec: anyCodec(abuseReportCodec),
    hex: '00 00 01',
    code: 'invalid-value',
  },
  {
    what: 'a reserved tree representation',
    codec: anyCodec(ratchetTreeOptionCodec),
    hex: '00',
    code: 'invalid-value',
  },
  {
    what: 'GroupInfoCode 0',
    codec: anyCodec(groupInfoResponseCodec),
    hex: '01 00 00',
    code: 'invalid-value',
  },
  {
    what: 'text that is no UTF-8',
    codec: anyCodec(updateRoomResponseCodec),
    hex: '02 01 ff',
    code: 'invalid-utf8',
  },
  {
    what: 'a NUL in a UTF8String',
    codec: anyCodec(utf8StringCodec),
    hex: '01 00',
    code: 'invalid-utf8',
  },
  {
    what: 'a FanoutMessage of a private commit',
    codec: anyCodec(fanoutMessageCodec),
    hex: '0000000000000000 0001 0002 00 0000000000000000 03 00 00 00 00',
    code: 'unsupported-wire-format',
  },
  {
    what: 'an application message as an update',
    codec: anyCodec(updateRequestCodec),
    hex: '0001 0002 00 0000000000000000 01 00 00 00 00',
    code: 'unsupported-wire-format',
  },
]

test.each(refused)('$what is refused', ({ codec, hex, code }) => {
  expect(codeOf(codec, hex)).toBe(code)
})

describe('the joining code', () => {
  const request: GroupInfoRequest = {
    protocol: 'mls10',
    cipherSuite: 1,
    requestingSignatureKey: Buffer.from('k'),
    requestingCredential: { kind: 'basic', identity: Buffer.from('u') },
    groupInfoPublicKey: Buffer.from('h'),
    joiningCode: Buffer.alloc(0),
    signature: Buffer.from('s'),
  }
  const tbs = (joiningCode: string) =>
    encode(
      groupInfoRequestTBSCodec,
      groupInfoRequestTBS({ ...request, joiningCode: Buffer.from(joiningCode) }),
    ).toString('hex')
  const signed = '010001016b000101750168'

  test('has a presence octet in what is signed, 0 where it is empty', () => {
    expect(tbs('')).toBe(`${signed}00`)
  })

  test('has a presence octet of 1 in what is signed where it is there', () => {
    expect(tbs('code')).toBe(`${signed}0104636f6465`)
  })
})

test('a length beyond its bound is refused before anything is read', () => {
  const hex = '00 00 00 9000ffff'
  expect(codeOf(anyCodec(abuseReportCodec), hex)).toBe('limit-exceeded')
})
