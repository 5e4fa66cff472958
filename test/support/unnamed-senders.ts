import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  certificateMigrations,
  createCertificateStore,
} from '../../src/senders/certificate-store.ts'
import { createProviderStanding, standingMigrations } from '../../src/senders/provider-standing.ts'
import {
  createUnnamedSenders,
  type UnnamedSenders,
  type UnnamedSendersOptions,
} from '../../src/senders/unnamed-senders.ts'
import { openStore } from '../../src/sqlite/store.ts'
import { memorySpentTokens } from './spent-tokens-memory.ts'
import { tempDir } from './temp-dir.ts'

/** What starts a hub's side of unnamed senders on one store of its own: again, as after a restart. */
export async function unnamedSendersOn(
  options: Pick<UnnamedSendersOptions, 'hub' | 'keys' | 'schemes' | 'clock'>,
): Promise<() => UnnamedSenders> {
  const store = await openStore({
    path: join(tempDir(), 'store.db'),
    migrations: [...certificateMigrations, ...standingMigrations],
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const { clock } = options
  return () =>
    createUnnamedSenders({
      ...options,
      spent: memorySpentTokens(clock),
      certificates: createCertificateStore(store),
      standing: createProviderStanding(store, clock()),
    })
}
