import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { createLog, type LogLevel } from '../../../src/signals/log.ts'
import { safeCode, safeId, safeWord } from '../../../src/signals/log-safe.ts'

function capture(level: LogLevel = 'info') {
  const lines: string[] = []
  const log = createLog(level, { write: (line) => void lines.push(line) })
  return { log, lines, last: (): unknown => JSON.parse(lines.at(-1) ?? 'null') }
}

test('a line is one JSON object with level, time, event and facts', () => {
  const { log, last } = capture()
  log.info('gateway.started', { port: 8_443, word: safeWord('notify') })
  expect(last()).toEqual({
    level: 'info',
    time: expect.any(Number) as unknown,
    event: 'gateway.started',
    port: 8_443,
    word: 'notify',
  })
})

test('a fault shows its code and its numbers, never its words', () => {
  const { log, lines, last } = capture()
  const facts = { limit: 5, who: 'mimi://a.example/u/alice' }
  log.fault('exchange.refused', new GatewayError('rate-limited', { facts }))
  expect(last()).toMatchObject({ level: 'warn', code: 'rate-limited', limit: 5 })
  expect(lines.join()).not.toContain('alice')
})

test('a bug shows where it came from, never its message', () => {
  const { log, lines, last } = capture()
  log.fault('exchange.failed', new TypeError('cannot read mimi://a.example/u/alice'))
  expect(last()).toMatchObject({
    level: 'error',
    code: 'internal',
    frames: expect.arrayContaining([
      expect.stringMatching(/^test\/unit\/signals\/log\.test\.ts:\d+$/),
    ]) as unknown,
  })
  expect(lines.join()).not.toContain('alice')
})

test('what was thrown need not be an error', () => {
  const { log, last } = capture()
  log.fault('exchange.failed', 'alice')
  expect(last()).toMatchObject({ code: 'internal', frames: [] })
})

test('the level can be changed while the log is in use', () => {
  const { log, lines } = capture('warn')
  log.info('a.b')
  log.level('debug')
  log.debug('a.c')
  log.warn('a.d')
  log.error('a.e')
  expect(lines).toHaveLength(3)
})

test('plain strings are refused by the compiler', () => {
  const { log, lines } = capture('silent')
  const text: string = 'mimi://a.example/u/alice'
  // @ts-expect-error an event is a literal
  log.info(text)
  // @ts-expect-error a fact is LogSafe
  log.info('a.b', { who: text })
  // @ts-expect-error a word stands in the source
  safeWord(text)
  expect(lines).toEqual([])
})

test('ids are only ours, codes only known ones', () => {
  expect(safeId('r-1.x_2')).toBe('r-1.x_2')
  expect(safeId('mimi://a.example/u/alice')).toBe('masked')
  expect(safeCode(new GatewayError('draining'))).toBe('draining')
  expect(safeCode(new RangeError('alice'))).toBe('internal')
})
