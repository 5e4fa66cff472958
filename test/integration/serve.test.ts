import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { serve } from '../../src/serve.ts'
import type { Config } from '../../src/settings/config.ts'
import { ConfigurationError } from '../../src/settings/problems.ts'
import { writeConfiguration } from '../support/serve-process.ts'

/** Runs `serve` in this process until it has greeted, then does `then`; resolves to what it did. */
async function serving(
  then: (read: { fail: (error: Error) => void }) => void,
  more: object = {},
): Promise<{ exitCode: number; out: string; err: string }> {
  const path = join(await writeConfiguration({ log: { level: 'silent' }, ...more }), 'postern.yaml')
  let failure: Error | undefined
  const readConfig = (): Promise<Config> =>
    failure === undefined ? loadConfig({ path, env: {} }) : Promise.reject(failure)
  const printed = { out: '', err: '' }
  const exitCode = await serve({
    readConfig,
    version: '1.2.3',
    out: (text) => {
      printed.out += text
      setImmediate(() => then({ fail: (error) => (failure = error) }))
    },
    err: (text) => (printed.err += text),
  })
  return { exitCode, ...printed }
}

const slow = { timeout: 30_000 }

test('serve greets, and ends with 0 when it is told to stop', slow, async () => {
  const { exitCode, out, err } = await serving(() => void process.emit('SIGTERM'))
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
  expect(out).toMatch(/^postern 1\.2\.3 serves a\.example\n/)
  expect(out).toMatch(/local clients +http:\/\/127\.0\.0\.1:\d+\/client\/v1/)
})

test('a second signal ends the wait of a drain', slow, async () => {
  const { exitCode } = await serving(() => {
    process.emit('SIGINT')
    process.emit('SIGINT')
  })
  expect(exitCode).toBe(0)
})

test('a fault that nothing caught ends in order, with 1', slow, async () => {
  const { exitCode } = await serving(
    () => void process.emit('uncaughtException', new RangeError('bug')),
  )
  expect(exitCode).toBe(1)
})

test('a hangup reads the configuration again and says what is wrong with it', slow, async () => {
  const problem = { path: 'ds', line: 3, expected: 'expected a map' }
  const { err } = await serving(({ fail }) => {
    process.emit('SIGHUP')
    fail(new ConfigurationError('postern.yaml', [problem]))
    process.emit('SIGHUP')
    setImmediate(() => void process.emit('SIGTERM'))
  })
  expect(err).toBe('postern.yaml:3 ds: expected a map\n')
})

test('a hangup while it starts is made up for when it has started', slow, async () => {
  const path = join(await writeConfiguration({ log: { level: 'silent' } }), 'postern.yaml')
  const before = process.listenerCount('SIGTERM')
  let reads = 0
  let hasGreeted = false
  const hangUp = () => {
    if (process.listenerCount('SIGTERM') === before) return void setImmediate(hangUp)
    expect(hasGreeted).toBe(false)
    process.emit('SIGHUP')
  }
  setImmediate(hangUp)
  await serve({
    readConfig: () => {
      reads += 1
      return loadConfig({ path, env: {} })
    },
    version: '1.2.3',
    out: () => {
      hasGreeted = true
      setImmediate(() => void process.emit('SIGTERM'))
    },
    err: () => {},
  })
  expect(reads).toBe(2)
})

test('a hangup while it drains does not end it', slow, async () => {
  let isHeard = false
  const { exitCode, err } = await serving(() => {
    process.emit('SIGTERM')
    setImmediate(() => {
      isHeard = process.emit('SIGHUP')
    })
  })
  expect({ isHeard, exitCode, err }).toEqual({ isHeard: true, exitCode: 0, err: '' })
})

test('a port in use is said in words, with 1', slow, async () => {
  const { createServer } = await import('node:net')
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const { exitCode, out, err } = await serving(() => {}, { ds: { port } })
  taken.close()
  expect({ exitCode, out, err }).toEqual({ exitCode: 1, out: '', err: `port ${port} is in use\n` })
})
