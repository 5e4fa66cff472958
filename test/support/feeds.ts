import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { FeedLimits, FeedSpec } from '../../src/feeds/feed.ts'
import { Feeds } from '../../src/feeds/feeds.ts'
import { triageOf } from '../../src/feeds/happenings.ts'
import { parseWebhookSecret, webhookReceiver } from '../../src/feeds/webhook.ts'
import { ann, banForm, openCases, type Cases } from './cases.ts'
import type { OutsideServer, Received } from './outside-server.ts'

/** A case desk whose happenings are told of. */
export interface ToldCases extends Cases {
  readonly feeds: Feeds
  /** Faults that are nobody's but ours. */
  readonly faults: readonly unknown[]
  /** Other feeds on the same store, as after a restart. */
  readonly restart: () => Feeds
  /** Moves the time on, and tells what is due then. */
  readonly later: (ms: number) => Promise<void>
}

export async function toldCases(
  specs: readonly FeedSpec[],
  limits: Partial<FeedLimits> = {},
): Promise<ToldCases> {
  const cases = await openCases()
  const faults: unknown[] = []
  const open = () => {
    const feeds = new Feeds({
      store: cases.store,
      clock: () => cases.time.nowMs,
      randomness: randomBytes,
      onFault: (fault) => void faults.push(fault),
      limits,
    })
    onTestFinished(() => feeds.stop())
    return feeds
  }
  const feeds = open()
  await feeds.configure(specs)
  return {
    ...cases,
    feeds,
    faults,
    restart: open,
    later: async (ms) => {
      cases.time.nowMs += ms
      await feeds.pump()
    },
  }
}

export const secretText = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** A webhook that is told everything but complaints, unless told otherwise. */
export function hook(
  { url }: { readonly url: string },
  {
    name = 'desk',
    secrets = [secretText],
    complaints = false,
    clock = () => Date.now(),
  }: { name?: string; secrets?: string[]; complaints?: boolean; clock?: () => number } = {},
): FeedSpec {
  return {
    name,
    kind: 'webhook',
    wants: (happening) => complaints || triageOf(happening).queue !== 'complaints',
    receiver: webhookReceiver({
      url,
      privateAddress: true,
      secrets: secrets.map(parseWebhookSecret),
      clock,
    }),
  }
}

/** A case from its report to its decision. */
export async function lifeOf(cases: Cases, change: Parameters<Cases['report']>[0] = {}) {
  const { case: id } = await cases.report(change)
  await cases.desk.leases.claim(ann, id)
  await cases.desk.decisions.decide(ann, id, { form: banForm() })
  return id
}

/** `case.opened 1`: what a webhook was told, by names and numbers. */
export function told({ received }: OutsideServer): readonly string[] {
  return received.map(({ json }) => `${String(json['type'])} ${String(dataOf(json)['number'])}`)
}

export function dataOf(json: Received['json']): Readonly<Record<string, unknown>> {
  return json['data'] as Readonly<Record<string, unknown>>
}

/** How many happenings are on the disk. */
export function happeningRows({ store }: Pick<Cases, 'store'>): unknown {
  return store.get('SELECT count(*) AS count FROM happenings')?.['count']
}
