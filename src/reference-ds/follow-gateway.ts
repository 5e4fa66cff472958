import { setTimeout as delay } from 'node:timers/promises'
import type { DsContext } from './context.ts'

/**
 * Takes what the gateway has for us, again and again until the link closes; `takeNext` resolves to how
 * much there was. Resolves when it has ended.
 */
export async function followGateway(
  ctx: DsContext,
  takeNext: (ctx: DsContext) => Promise<number>,
): Promise<void> {
  const { signal } = ctx.gateway
  while (!signal.aborted) {
    const taken = await takeNext(ctx).catch(() => 0)
    if (taken === 0) await delay(PAUSE_MS, undefined, { signal }).catch(() => {})
  }
}

/** Between questions where there was nothing or nobody. */
const PAUSE_MS = 1_000
