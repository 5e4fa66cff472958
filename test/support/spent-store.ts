import { randomBytes } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  openEmbeddedSpentTokens,
  type EmbeddedSpentTokensOptions,
} from '../../src/privacypass/spent-embedded.ts'
import type { SpentTokens } from '../../src/privacypass/spent-tokens.ts'
import { DAY, DAY_MS } from './spent-tokens.ts'
import { tempDir } from './temp-dir.ts'

/** Where the only shard of an embedded store has its files. */
export const SHARD = 'shard-0-of-1'

/** Opens the embedded store at a clock that stands still. */
export function openAt(
  directory: string,
  options: Partial<EmbeddedSpentTokensOptions> = {},
): Promise<SpentTokens> {
  return openEmbeddedSpentTokens({
    directory,
    clock: () => DAY_MS + 1_000,
    randomness: randomBytes,
    ...options,
  })
}

/** A copy of a store as it is on the disk now, as a crash would leave it. */
export function crashCopy(directory: string): string {
  const copy = tempDir()
  cpSync(directory, copy, { recursive: true })
  return copy
}

/** The logs of an epoch in their order. */
export function logsOf(directory: string, epoch = DAY): string[] {
  const shard = join(directory, SHARD)
  const logs = readdirSync(shard).filter((name) => name.startsWith(`spent-${epoch}-`))
  return logs.toSorted().map((name) => join(shard, name))
}

/** Turns one bit of a file. */
export function turnBit(path: string, bit: number): void {
  const bytes = readFileSync(path)
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  writeFileSync(path, bytes)
}
