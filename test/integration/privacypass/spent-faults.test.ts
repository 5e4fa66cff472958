import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { observedFiles, systemError, type FileOperation } from '../../support/spent-files.ts'
import { crashCopy, openAt, SHARD } from '../../support/spent-store.ts'
import { live, Told, tomorrow, TOMORROW } from '../../support/spent-told.ts'
import { DAY, DAY_MS, spendOf } from '../../support/spent-tokens.ts'
import { tempDir } from '../../support/temp-dir.ts'

const quiet = observedFiles({ syncs: false })

test('whatever single operation of the file system fails, nothing that was answered is lost, nothing is spent twice, and it goes on', async () => {
  const whole = await liveWithFault(Infinity)
  expect(whole.told.doubtful).toEqual([])
  let doubtful = 0
  for (let faultAt = 1; faultAt <= whole.operations; faultAt += 1) {
    const { told, directory } = await liveWithFault(faultAt)
    await using store = await openAt(directory, { files: quiet })
    expect(await told.contradictions(store)).toEqual([])
    doubtful += told.doubtful.length
  }
  expect(doubtful).toBeGreaterThan(20)
}, 120_000)

/** Two processes; the clock goes on far enough between two steps for the disk to be tried again. */
async function liveWithFault(faultAt: number) {
  let operations = 0
  let nowMs = DAY_MS
  const before = () => {
    operations += 1
    if (operations === faultAt) throw systemError(operations % 2 === 0 ? 'EIO' : 'ENOSPC')
  }
  const files = observedFiles({ before, syncs: false })
  const clock = () => nowMs
  const directory = tempDir()
  const told = new Told()
  const pause = () => (nowMs += 1_000)
  await live(openAt(directory, { files, clock }), async (store) => {
    await told.spend(store, spendOf('a'), spendOf('b'), tomorrow('a'))
    pause()
    await told.spend(store, spendOf('c'), tomorrow('c'))
  })
  pause()
  await live(openAt(directory, { files, clock }), async (store) => {
    await told.spend(store, spendOf('d'), tomorrow('d'))
    await told.drop(store)
    pause()
    await told.spend(store, tomorrow('e'))
  })
  return { told, directory, operations }
}

/** A disk on which `operation` fails as long as `isFull` says so, and a count of how often it was tried. */
function failingDisk(operation: FileOperation, code: 'ENOSPC' | 'EIO' | 'EMFILE') {
  const disk = { isFull: false, tried: 0 }
  const before = (name: FileOperation) => {
    if (name !== operation) return
    disk.tried += 1
    if (disk.isFull) throw systemError(code)
  }
  return Object.assign(disk, { files: observedFiles({ before, syncs: false }) })
}

test.each([
  ['write', 'ENOSPC'],
  ['write', 'EIO'],
  ['datasync', 'EIO'],
  ['read', 'EIO'],
] as const)(
  'while every %s fails with %s no token is spent, and afterwards all are',
  async (operation, code) => {
    const disk = failingDisk(operation, code)
    let nowMs = DAY_MS
    const directory = tempDir()
    {
      await using store = await openAt(directory, { files: disk.files, clock: () => nowMs })
      expect(await store.spend(spendOf('before'))).toEqual({ kind: 'spent' })
      disk.isFull = true
      for (const name of ['a', 'b', 'a'])
        await expect(store.spend(spendOf(name))).rejects.toMatchObject({
          code: 'store-unavailable',
          facts: { reason: 'disk' },
        })
      // A disk that failed is left alone for a second, whatever asks.
      const { tried } = disk
      await expect(store.spend(spendOf('c'))).rejects.toMatchObject({ code: 'store-unavailable' })
      expect(disk.tried).toBe(tried)
      nowMs += 1_000
      await expect(store.spend(spendOf('c'))).rejects.toMatchObject({ code: 'store-unavailable' })
      expect(disk.tried).toBeGreaterThan(tried)
      disk.isFull = false
      nowMs += 1_000
      expect(await store.spend(spendOf('a', 'another'))).toEqual({ kind: 'spent' })
      expect(await store.spend(spendOf('b'))).toEqual({ kind: 'spent' })
      expect(await store.spend(spendOf('a'))).toEqual({ kind: 'replayed' })
      expect(await store.spend(spendOf('before'))).toEqual({ kind: 'again' })
    }
    await using store = await openAt(directory, { files: quiet })
    expect(await store.spend(spendOf('a', 'another'))).toEqual({ kind: 'again' })
    expect(await store.spend(spendOf('a'))).toEqual({ kind: 'replayed' })
    expect(await store.spend(spendOf('b'))).toEqual({ kind: 'again' })
  },
)

test('what was written and not synced leaves nothing behind that a start could take for damage', async () => {
  const disk = failingDisk('datasync', 'EIO')
  let nowMs = DAY_MS
  const directory = tempDir()
  await using store = await openAt(directory, { files: disk.files, clock: () => nowMs })
  await store.spend(spendOf('before'))
  disk.isFull = true
  const names = Array.from({ length: 50 }, (_, n) => `${n}`)
  const lost = await Promise.allSettled(names.map((name) => store.spend(spendOf(name))))
  expect(lost.filter(({ status }) => status === 'rejected')).toHaveLength(50)
  disk.isFull = false
  nowMs += 1_000
  expect(await store.spend(spendOf('after'))).toEqual({ kind: 'spent' })
  await using crashed = await openAt(crashCopy(directory), { files: quiet })
  expect(await crashed.epochs()).toMatchObject([{ kind: 'open', spent: 2 }])
})

test('of requests that wait for the one before them none is answered when that fails', async () => {
  const disk = failingDisk('datasync', 'EIO')
  await using store = await openAt(tempDir(), { files: disk.files })
  await store.spend(spendOf('before'))
  disk.isFull = true
  const waiting = ['one', 'one', 'two'].map((request) => store.spend(spendOf('a', request)))
  const results = await Promise.allSettled(waiting)
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
})

test('an epoch that cannot be begun is begun by the next spend', async () => {
  const disk = failingDisk('rename', 'EIO')
  await using store = await openAt(tempDir(), { files: disk.files })
  disk.isFull = true
  await expect(store.spend(spendOf('a'))).rejects.toMatchObject({ code: 'store-unavailable' })
  disk.isFull = false
  expect(await store.spend(spendOf('a'))).toEqual({ kind: 'spent' })
})

test('a file system that takes a few octets at a time gets them all', async () => {
  const directory = tempDir()
  let turn = 0
  const take = (octets: number) => Math.min(octets, 1 + (turn++ % 7))
  {
    await using store = await openAt(directory, { files: observedFiles({ take, syncs: false }) })
    const names = Array.from({ length: 100 }, (_, n) => `${n}`)
    await Promise.all(names.map((name) => store.spend(spendOf(name))))
  }
  await using store = await openAt(directory, { files: quiet })
  expect(await store.epochs()).toMatchObject([{ kind: 'open', spent: 100 }])
})

test('a process that takes a store over knows all that was answered, and the one before answers nothing more', async () => {
  const directory = tempDir()
  await using before = await openAt(directory, { files: quiet })
  await before.spend(spendOf('warm'))
  const told = new Told()
  const names = Array.from({ length: 2_000 }, (_, n) => `${n}`)
  const racing = told.spend(before, ...names.map((name) => spendOf(name)))
  await using after = await openAt(directory, { files: quiet })
  await racing
  expect(told.doubtful.length).toBeGreaterThan(0)
  expect(await told.contradictions(after)).toEqual([])
  await expect(before.spend(spendOf('warm', 'another'))).resolves.toEqual({ kind: 'replayed' })
  await expect(before.spend(spendOf('late'))).rejects.toMatchObject({
    facts: { reason: 'taken-over' },
  })
  await expect(before.dropBefore(TOMORROW)).rejects.toMatchObject({
    facts: { reason: 'taken-over' },
  })
})

test('what a process notes while its store is taken over is not answered', async () => {
  const directory = tempDir()
  let isTaken = false
  const before = (operation: FileOperation) => {
    if (isTaken && operation === 'rename')
      writeFileSync(join(directory, SHARD, 'spent-owner'), randomBytes(16))
  }
  await using store = await openAt(directory, { files: observedFiles({ before, syncs: false }) })
  await store.spend(spendOf('a'))
  isTaken = true
  await expect(store.dropBefore(TOMORROW)).rejects.toMatchObject({
    facts: { reason: 'taken-over' },
  })
})

test('a store that was taken over leaves no trace when it is closed', async () => {
  const directory = tempDir()
  const before = await openAt(directory, { files: quiet })
  await before.spend(spendOf('a'))
  {
    await using after = await openAt(directory, { files: quiet })
    await after.spend(spendOf('b'))
    await before[Symbol.asyncDispose]()
    await after.spend(spendOf('c'))
  }
  await using store = await openAt(directory, { files: quiet })
  expect(await store.epochs()).toMatchObject([{ kind: 'open', spent: 3 }])
})

test('a crash with many tokens under way leaves each of them spent or not, and no other', async () => {
  const directory = tempDir()
  await using store = await openAt(directory, { files: quiet })
  await store.spend(spendOf('warm'))
  const names = Array.from({ length: 3_000 }, (_, n) => `${n}`)
  const told = new Told()
  const racing = told.spend(store, ...names.map((name) => spendOf(name)))
  while (told.spent.length < 500) await new Promise(setImmediate)
  const answered = [...told.spent]
  const copy = crashCopy(directory)
  await racing
  await using after = await openAt(copy, { files: quiet })
  for (const spend of answered) expect(await after.spend(spend)).toEqual({ kind: 'again' })
  const [state] = await after.epochs()
  expect(state).toMatchObject({ kind: 'open', epoch: DAY })
})

test('more tokens than there is room for are refused, in this epoch', async () => {
  await using store = await openAt(tempDir(), { files: quiet, tokensMax: 3 })
  for (const name of ['a', 'b', 'c']) await store.spend(spendOf(name))
  await expect(store.spend(spendOf('d'))).rejects.toMatchObject({ facts: { reason: 'full' } })
  expect(await store.spend(spendOf('a', 'another'))).toEqual({ kind: 'replayed' })
  expect(await store.spend(tomorrow('d'))).toEqual({ kind: 'spent' })
  expect(await store.epochs()).toMatchObject([{ remaining: 0 }, { remaining: 2 }])
})

test('more epochs than are ever alive are refused until old ones are dropped', async () => {
  await using store = await openAt(tempDir(), { files: quiet })
  const spend = (day: number) => store.spend(spendOf('a', 'r', { epoch: DAY + day * 86_400 }))
  const racing = await Promise.allSettled(Array.from({ length: 20 }, (_, day) => spend(day)))
  expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(16)
  await expect(spend(30)).rejects.toMatchObject({ facts: { reason: 'too-many-epochs' } })
  await store.dropBefore(DAY + 86_400)
  expect(await spend(30)).toEqual({ kind: 'spent' })
})

test('a process that closes its store ends by itself', async () => {
  const program = new URL('spend-and-end.ts', import.meta.url)
  const { stdout } = await promisify(execFile)(process.execPath, [program.pathname, tempDir()], {
    timeout: 15_000,
  })
  expect(stdout).toBe('spent again')
})
