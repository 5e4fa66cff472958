import { expect, test } from 'vitest'
import { KeyedMutex } from '../../../src/reference-ds/keyed-mutex.ts'

test('works of one key run one after the other, in the order of arrival', async () => {
  const mutex = new KeyedMutex()
  const log: string[] = []
  const work = (name: string) => async () => {
    log.push(`${name} begins`)
    await Promise.resolve()
    log.push(`${name} ends`)
  }
  await Promise.all([mutex.run('room', work('first')), mutex.run('room', work('second'))])
  expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
})

test('works of different keys do not wait for each other', async () => {
  const mutex = new KeyedMutex()
  const { promise, resolve } = Promise.withResolvers<string>()
  const waiting = mutex.run('one', () => promise)
  await mutex.run('other', async () => resolve('done'))
  expect(await waiting).toBe('done')
})

test('a work that fails does not stop the next one', async () => {
  const mutex = new KeyedMutex()
  const failing = mutex.run('room', () => Promise.reject(new Error('broken')))
  const next = mutex.run('room', async () => 'fine')
  await expect(failing).rejects.toThrow('broken')
  expect(await next).toBe('fine')
})
