import { expect, test } from 'vitest'
import { pathTarget } from '../../../src/listener/raw-path.ts'

test.for([
  ['mimi%3A%2F%2Fa.example%2Fr%2Fclubhouse', 'mimi://a.example/r/clubhouse'],
  ['mimi%3a%2f%2fa.example%2fr%2fclubhouse', 'mimi://a.example/r/clubhouse'],
  ['mimi:%2F%2Fa.example%2Fr%2Fclubhouse', 'mimi://a.example/r/clubhouse'],
  ['a.example/r/clubhouse', 'mimi://a.example/r/clubhouse'],
  ['a.example', 'a.example'],
  ['mimi%3A%2F%2Fa.example%2Fr%2Fx%2520y', 'mimi://a.example/r/x%20y'],
  ['a.example/r/x%20y', 'mimi://a.example/r/x%20y'],
  ['mimi%3A%2F%2Fa.example%2Fr%2Fx%252Fy', 'mimi://a.example/r/x%2Fy'],
  ['a.example/r/x%2Fy', 'mimi://a.example/r/x%2Fy'],
  ['mimi%3A%2F%2Fa.example%2Fr%2F%C3%A9', 'mimi://a.example/r/é'],
  ['a.example/r/..x', 'mimi://a.example/r/..x'],
])('%s names %s: decoded once, in either form', ([rest, target]) => {
  expect(pathTarget(`/notify/${rest}`, '/notify')).toBe(target)
})

test.for([
  '',
  '..',
  '.',
  '%2e%2e',
  '..%2F..%2Finternal',
  'a.example/r/..',
  'a.example/r/%2E%2e',
  'mimi%3A%2F%2Fa.example%2Fr%2F..',
  '%252e%252e%2Fx',
  'a.example/x/y',
  'a.example/r/x/y',
  'a.example/r/',
  'a.example//x',
  '/a.example/r/x',
  'mimi://a.example/r/x',
  'a?x=1',
  'a#x',
  'a b',
  '%',
  '%2',
  '%gg',
  '%ff',
  '%C0%AF',
  '%00',
  '%0D%0Ax',
  '%7F',
  '%5C',
  'a\\b',
  'é',
  'a'.repeat(4_097),
])('%j is refused', (rest) => {
  expect(() => pathTarget(`/notify/${rest}`, '/notify')).toThrow('malformed-request')
})

test('another prefix is refused, also an encoded spelling of it', () => {
  for (const url of ['/notif%79/a', '/notify', '/Notify/a', 'https://a.example/notify/a'])
    expect(() => pathTarget(url, '/notify')).toThrow('malformed-request')
})
