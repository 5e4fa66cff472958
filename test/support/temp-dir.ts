import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A fresh directory that is gone when the test ends. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'postern-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
