import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openAt } from '../../support/spent-store.ts'
import { spendOf } from '../../support/spent-tokens.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a system that lets no file grow any more ends spending, and nothing that was spent is lost', async () => {
  const directory = tempDir()
  const program = fileURLToPath(new URL('spend-until-full.ts', import.meta.url))
  // Files of 8 KiB at most; what is written beyond fails, and its signal is ignored.
  const shell = 'trap "" XFSZ; ulimit -f 8; exec "$@"'
  const args = ['-c', shell, 'bash', process.execPath, program, directory]
  const { stdout } = await promisify(execFile)('bash', args, { timeout: 50_000 })
  const { spent, outcome } = JSON.parse(stdout) as { spent: number; outcome: string }
  expect(outcome).toBe('store-unavailable EFBIG')
  expect(spent).toBeGreaterThan(100)
  await using store = await openAt(directory)
  expect(await store.epochs()).toMatchObject([{ kind: 'open', spent }])
  for (let token = 0; token < spent; token += 1)
    expect(await store.spend(spendOf(`${token}`, 'another'))).toEqual({ kind: 'replayed' })
  expect(await store.spend(spendOf(`${spent}`))).toEqual({ kind: 'spent' })
})
