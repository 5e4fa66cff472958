import type { Clock } from '../../src/model/clock.ts'
import {
  checkSpend,
  type SpendOutcome,
  type SpendRefusal,
  type SpentTokens,
} from '../../src/privacypass/spent-tokens.ts'

export interface MemorySpentTokens extends SpentTokens {
  /** What another process knows afterwards: of requests only the recent ones. */
  readonly restart: () => void
}

/** What a store promises, in a Map: nothing is durable and nothing goes wrong. */
export function memorySpentTokens(clock: Clock): MemorySpentTokens {
  const epochs = new Map<number, Map<string, { request: string | undefined; spentMs: number }>>()
  let floor = 0
  const isRecent = ({ spentMs }: { spentMs: number }) => Math.abs(clock() - spentMs) <= 600_000
  const look = (epoch: number, token: string, request: string): SpendRefusal | undefined => {
    if (epoch < floor) return { kind: 'epoch-closed' }
    const earlier = epochs.get(epoch)?.get(token)
    if (earlier === undefined) return undefined
    return { kind: earlier.request === request && isRecent(earlier) ? 'again' : 'replayed' }
  }
  const spend = (epoch: number, token: string, request: string): SpendOutcome => {
    if (epoch < floor) return { kind: 'epoch-closed' }
    const spent = epochs.get(epoch) ?? new Map()
    epochs.set(epoch, spent)
    const before = look(epoch, token, request)
    if (before !== undefined) return before
    spent.set(token, { request, spentMs: clock() })
    return { kind: 'spent' }
  }
  return {
    spend: async (asked) => {
      checkSpend(asked)
      const { epoch, keyId, spendKey, requestHash } = asked
      return spend(epoch, `${hex(keyId)} ${hex(spendKey)}`, hex(requestHash))
    },
    look: async (asked) => {
      checkSpend(asked)
      const { epoch, keyId, spendKey, requestHash } = asked
      return look(epoch, `${hex(keyId)} ${hex(spendKey)}`, hex(requestHash))
    },
    epochs: () =>
      Promise.resolve(
        [...epochs]
          .toSorted(([a], [b]) => a - b)
          .map(([epoch, { size }]) => ({
            kind: 'open',
            epoch,
            spent: size,
            remaining: undefined,
          })),
      ),
    dropBefore: (epoch) => {
      floor = Math.max(floor, epoch)
      for (const known of epochs.keys()) if (known < floor) epochs.delete(known)
      return Promise.resolve()
    },
    restart: () => {
      for (const spent of epochs.values())
        for (const earlier of spent.values()) if (!isRecent(earlier)) earlier.request = undefined
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
