import { expect, test } from 'vitest'
import { decode, encode, type Codec } from '../../../../src/wire/codec.ts'
import { appDataDictionaryCodec } from '../../../../src/wire/mls/app-data.ts'
import { extensionsCodec } from '../../../../src/wire/mls/extension.ts'
import { mlsMessageCodec } from '../../../../src/wire/mls/message.ts'
import { parentNodeCodec, ratchetTreeCodec } from '../../../../src/wire/mls/ratchet-tree.ts'
import { proposalCodec } from '../../../../src/wire/mls/proposal.ts'
import { anyCodec } from '../../../support/any-codec.ts'
import { fromHex } from '../../../support/hex.ts'

const message = anyCodec(mlsMessageCodec)
// group_id "g", epoch 0, content type application, no AAD, empty sender data and ciphertext
const privateMessage = '00010002 0167 0000000000000000 01 00 00 00'

test.each<readonly [string, string, Codec<unknown>]>([
  ['truncated', privateMessage.slice(0, -2), message],
  ['trailing-bytes', `${privateMessage}00`, message],
  ['unsupported-version', `0002${privateMessage.slice(4)}`, message],
  ['unsupported-wire-format', '00010006', message],
  ['non-minimal-varint', '00010002 400167', message],
  ['non-minimal-varint', '00010002 8000000167', message],
  ['varint-too-long', '00010002 c000000000000001', message],
  ['limit-exceeded', '00010002 5001 00'.repeat(4_097), message],
  ['invalid-value', '00010002 0167 0000000000000000 04 000000', message],
  ['public-application-message', '00010001 0167 0000000000000000 03 00 01 00', message],
  ['unknown-proposal-type', '000b', anyCodec(proposalCodec)],
  ['invalid-presence', '0102', anyCodec(ratchetTreeCodec)],
  ['not-ascending', '06 000100 000100', anyCodec(appDataDictionaryCodec)],
  ['not-ascending', '06 000200 000100', anyCodec(appDataDictionaryCodec)],
  ['not-ascending', '00 00 08 00000001 00000001', anyCodec(parentNodeCodec)],
  ['invalid-value', '06 000100 000100', anyCodec(extensionsCodec)],
])('%s', (code, hex, codec) => {
  expect(() => decode(codec, fromHex(hex))).toThrow(new RegExp(`^${code} at byte`))
})

test('the smallest private message is read and written back', () => {
  const bytes = fromHex(privateMessage)
  expect(encode(message, decode(message, bytes))).toEqual(bytes)
})
