import { join } from 'node:path'
import { createLogCoverage, type LogCoverage } from '../franking/log-coverage.ts'
import { createRelayLog, type RelayLog } from '../franking/relay-log.ts'
import { loadDayKeys } from '../keys/day-keys.ts'
import type { Store } from '../sqlite/store.ts'

/**
 * The sealed relay log, with its keys in `days` beside the others: each in a file of its own, to be
 * destroyed alone. Throws `key-unavailable`.
 */
export async function openRelayLog(
  keysDirectory: string,
  store: Store,
): Promise<{ readonly relayLog: RelayLog; readonly logCoverage: LogCoverage }> {
  const keys = await loadDayKeys(join(keysDirectory, 'days'))
  return { relayLog: createRelayLog({ store, keys }), logCoverage: createLogCoverage(store) }
}
