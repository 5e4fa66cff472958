import { expect, test } from 'vitest'
import {
  readIssuerDirectory,
  writeIssuerDirectory,
} from '../../../src/privacypass/issuer-directory.ts'

const tokenKeys = [
  { tokenType: 2, tokenKey: Buffer.from([1, 2, 3, 4]), notBeforeSeconds: 1_700_000_000 },
  { tokenType: 0xda7a, tokenKey: Buffer.of(5), notBeforeSeconds: undefined },
]
const directory = { issuerRequestUri: '/token-request', tokenKeys }
const invalid = expect.objectContaining({ code: 'directory-invalid' })

test('a directory is read as it was written', () => {
  expect(readIssuerDirectory(writeIssuerDirectory(directory))).toEqual(directory)
})

test('a directory is written with the names and the padding of RFC 9578', () => {
  expect(JSON.parse(writeIssuerDirectory(directory).toString())).toEqual({
    'issuer-request-uri': '/token-request',
    'token-keys': [
      { 'token-type': 2, 'token-key': 'AQIDBA==', 'not-before': 1_700_000_000 },
      { 'token-type': 0xda7a, 'token-key': 'BQ==' },
    ],
  })
})

test('what is not known is passed over, and keys may come without padding', () => {
  const document = {
    'issuer-request-uri': 'https://issuer.example/request',
    'token-keys': [{ 'token-type': 2, 'token-key': 'AQIDBA', version: 7 }],
    'token-window': 2,
  }
  expect(readIssuerDirectory(Buffer.from(JSON.stringify(document)))).toEqual({
    issuerRequestUri: 'https://issuer.example/request',
    tokenKeys: [{ tokenType: 2, tokenKey: Buffer.from([1, 2, 3, 4]), notBeforeSeconds: undefined }],
  })
})

const key = (fields: object) => ({
  'issuer-request-uri': '/r',
  'token-keys': [{ 'token-type': 2, 'token-key': 'AQID', ...fields }],
})

test.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['no keys', JSON.stringify({ 'issuer-request-uri': '/r' })],
  ['no address', JSON.stringify({ 'token-keys': [] })],
  ['a type that is no number', JSON.stringify(key({ 'token-type': '2' }))],
  ['a type above 65,535', JSON.stringify(key({ 'token-type': 65_536 }))],
  ['an empty key', JSON.stringify(key({ 'token-key': '' }))],
  ['a key in another alphabet', JSON.stringify(key({ 'token-key': '+/+/' }))],
  ['a time in the past of all times', JSON.stringify(key({ 'not-before': -1 }))],
  ['too many octets', JSON.stringify(key({ more: 'a'.repeat(65_536) }))],
])('a directory with %s is invalid', (_, text) => {
  expect(() => readIssuerDirectory(Buffer.from(text))).toThrow(invalid)
})

test('a directory that is no UTF-8 is invalid', () => {
  expect(() => readIssuerDirectory(Buffer.from([0x22, 0xff, 0x22]))).toThrow(invalid)
})
