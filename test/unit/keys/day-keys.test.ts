import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadDayKeys } from '../../../src/keys/day-keys.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a day has one key, however often it is asked for, also after a restart', async () => {
  const directory = join(tempDir(), 'days')
  const keys = await loadDayKeys(directory)
  const [one, two] = await Promise.all([keys.ensure(20_000), keys.ensure(20_000)])
  expect(one).toBe(two)
  expect(await keys.ensure(20_000)).toBe(one)
  expect((await keys.ensure(20_001)).equals(one)).toBe(false)
  const reopened = await loadDayKeys(directory)
  expect([...reopened.retained().keys()].toSorted((a, b) => a - b)).toEqual([20_000, 20_001])
  expect(reopened.retained().get(20_000)?.equals(one)).toBe(true)
})

test('a destroyed key is gone from memory and from the disk', async () => {
  const directory = tempDir()
  const keys = await loadDayKeys(directory)
  for (const day of [1, 2, 3]) await keys.ensure(day)
  await keys.destroyBefore(3)
  expect([...keys.retained().keys()]).toEqual([3])
  expect(await readdir(directory)).toEqual(['3.day-key'])
})

test('files that others can read, or that hold no key, are refused', async () => {
  const directory = tempDir()
  await (await loadDayKeys(directory)).ensure(1)
  await chmod(join(directory, '1.day-key'), 0o644)
  await expect(loadDayKeys(directory)).rejects.toMatchObject({
    code: 'key-unavailable',
    facts: { reason: 'readable-by-others' },
  })
  await chmod(join(directory, '1.day-key'), 0o600)
  await writeFile(join(directory, '1.day-key'), 'short')
  await expect(loadDayKeys(directory)).rejects.toMatchObject({ facts: { reason: 'malformed' } })
})

test('a key that could not be written is no key, and the next try makes one', async () => {
  const directory = join(tempDir(), 'days')
  const keys = await loadDayKeys(directory)
  await rm(directory, { recursive: true })
  await expect(keys.ensure(1)).rejects.toMatchObject({
    code: 'key-unavailable',
    facts: { reason: 'unwritable' },
  })
  expect(keys.retained().size).toBe(0)
  await mkdir(directory)
  await keys.ensure(1)
  expect(await readdir(directory)).toEqual(['1.day-key'])
})
