import { expect, test } from 'vitest'
import { parseAssetUrl } from '../../../src/model/asset-url.ts'
import { codeOf } from '../../support/mimi-requests.ts'

test.each([
  ['https://assets.c.example/a/b?x=1&y=%2F', 'assets.c.example', '/a/b?x=1&y=%2F'],
  ['https://Assets.C.example:443/', 'assets.c.example', '/'],
  ['https://assets.c.example', 'assets.c.example', '/'],
  ['https://assets.c.example?x', 'assets.c.example', '/?x'],
  ['https://assets.c.example/%2e%2E/a//b', 'assets.c.example', '/%2e%2E/a//b'],
  ['https://c1.xn--p1ai/a', 'c1.xn--p1ai', '/a'],
])('%s is read without a change', (text, host, path) => {
  expect(parseAssetUrl(text)).toEqual({ text, host, path })
})

test.each([
  'http://assets.c.example/a',
  'HTTPS://assets.c.example/a',
  'ftp://assets.c.example/a',
  '//assets.c.example/a',
  'assets.c.example/a',
  'file:///etc/passwd',
  'https:assets.c.example/a',
  'https:/assets.c.example/a',
  'https:///assets.c.example/a',
  'https://user@assets.c.example/a',
  'https://user:secret@assets.c.example/a',
  'https://assets.c.example@other.example/a',
  'https://assets.c.example:444/a',
  'https://assets.c.example:80/a',
  'https://assets.c.example:/a',
  'https://assets.c.example/a#fragment',
  'https://assets.c.example#@other.example/a',
  'https://assets.c.example\\@other.example/a',
  'https://assets.c.example/a b',
  'https://assets.c.example/a\r\nhost: other.example',
  'https://assets.c.example/a\u0000',
  'https://assets.c.example/ä',
  'https://assets.c.example/%',
  'https://assets.c.example/%2',
  'https://assets.c.example/%zz',
  'https://assets.c.example./a',
  'https://.assets.c.example/a',
  'https://assets..example/a',
  'https://-assets.example/a',
  'https://assets_c.example/a',
  'https://аssets.c.example/a',
  'https://127.0.0.1/a',
  'https://127.1/a',
  'https://2130706433/a',
  'https://0x7f000001/a',
  'https://0x7f.1/a',
  'https://017700000001/a',
  'https://[::1]/a',
  'https://[::ffff:169.254.169.254]/a',
  'https://169.254.169.254/latest/meta-data',
  'https://assets.c.example.1/a',
  '',
])('%j is no address of an asset', (text) => {
  expect(codeOf(() => parseAssetUrl(text))).toBe('invalid-uri')
})

test('a URL has at most 2,048 characters', () => {
  expect(parseAssetUrl(ofLength(2_048)).path).toHaveLength(
    2_048 - 'https://assets.c.example'.length,
  )
  expect(codeOf(() => parseAssetUrl(ofLength(2_049)))).toBe('invalid-uri')
})

function ofLength(length: number): string {
  return 'https://assets.c.example/'.padEnd(length, 'a')
}
