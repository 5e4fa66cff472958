import { GatewayError } from '../../src/model/errors.ts'
import type { Spend, SpentTokens } from '../../src/privacypass/spent-tokens.ts'
import { DAY, spendOf } from './spent-tokens.ts'

export const TOMORROW = DAY + 86_400

/** A token of the next epoch. */
export function tomorrow(name: string): Spend {
  return spendOf(name, 'request', { epoch: TOMORROW })
}

/** What somebody outside knows of a store whose disk fails, and what contradicts it. */
export class Told {
  readonly spent: Spend[] = []
  /** Got no answer. */
  readonly doubtful: Spend[] = []
  dropped: 'no' | 'yes' | 'doubtful' = 'no'
  private readonly wrong: string[] = []

  /** Spends tokens that are all new, at once. */
  async spend(store: SpentTokens, ...spends: readonly Spend[]): Promise<void> {
    await Promise.all(
      spends.map(async (spend) => {
        const kind = await kindOf(store, spend)
        if (kind === 'spent') this.spent.push(spend)
        else if (kind === 'unavailable') this.doubtful.push(spend)
        else this.wrong.push(`a new token was ${kind}`)
      }),
    )
  }

  /** Drops what is before tomorrow. */
  async drop(store: SpentTokens): Promise<void> {
    this.dropped = 'doubtful'
    await store.dropBefore(TOMORROW).then(
      () => (this.dropped = 'yes'),
      () => {},
    )
  }

  /** Nothing, where everything that was answered holds, no epoch was closed, and the store goes on. */
  async contradictions(store: SpentTokens): Promise<readonly string[]> {
    const wrong = [...this.wrong]
    for (const { kind, epoch } of await store.epochs())
      if (kind === 'closed') wrong.push(`epoch ${epoch} was closed`)
    const check = async (spend: Spend, allowed: readonly string[]): Promise<void> => {
      const other = { ...spend, requestHash: Buffer.alloc(8) }
      const kinds = `${await kindOf(store, spend)}, then ${await kindOf(store, other)}`
      if (!allowed.includes(kinds)) wrong.push(kinds)
    }
    for (const spend of this.spent) {
      const isOld = spend.epoch < TOMORROW
      const known = isOld && this.dropped === 'yes' ? [] : [KNOWN]
      await check(spend, [...known, ...(isOld && this.dropped !== 'no' ? [CLOSED] : [])])
    }
    for (const spend of this.doubtful) await check(spend, ['spent, then replayed', KNOWN, CLOSED])
    await check(tomorrow('never seen'), ['spent, then replayed'])
    return wrong
  }
}

/** The life of a process, until it ends or its disk does: `open` may reject. */
export async function live(
  open: Promise<SpentTokens>,
  use: (store: SpentTokens) => Promise<void>,
): Promise<void> {
  const opened = await open.catch(unavailable)
  if (opened === 'unavailable') return
  await using store = opened
  await use(store)
}

async function kindOf(store: SpentTokens, spend: Spend): Promise<string> {
  return store.spend(spend).then(({ kind }) => kind, unavailable)
}

function unavailable(error: unknown): 'unavailable' {
  if (error instanceof GatewayError && error.code === 'store-unavailable') return 'unavailable'
  throw error
}

const KNOWN = 'again, then replayed'
const CLOSED = 'epoch-closed, then epoch-closed'
