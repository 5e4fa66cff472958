import { setTimeout as delay } from 'node:timers/promises'
import type { Operation } from '../model/exchange.ts'
import type { Captured, Script } from './capture-server.ts'
import { sendAsPeer, sendInternally, type Reply } from './requests.ts'
import type { World } from './world.ts'

/** One request that somebody makes of the gateway. */
export type Step =
  | {
      readonly from: 'peer'
      readonly domain: string
      readonly operation: Operation
      readonly target: string
      readonly body: Buffer
      readonly headers?: Readonly<Record<string, string>>
    }
  | {
      readonly from: 'inside'
      /** Below `/internal/v1/`. */
      readonly path: string
      readonly method?: 'GET' | 'POST'
      readonly body?: Buffer
      readonly headers?: Readonly<Record<string, string>>
    }

/** What happens, and what the ends answer meanwhile. */
export interface Play {
  readonly steps: readonly Step[]
  /** Our delivery service; 200 without a body where it is not said. */
  readonly upstream?: Script
  readonly peer?: Script
  readonly assets?: Script
}

/** Everything that left the gateway in any way, and everything that it kept. */
export interface Traces {
  readonly replies: readonly { readonly step: Step; readonly reply: Reply }[]
  readonly upstream: readonly Captured[]
  readonly peers: ReadonlyMap<string, readonly Captured[]>
  readonly assets: readonly Captured[]
  /** New events, as JSON. */
  readonly journal: readonly string[]
  readonly log: string
  readonly metrics: string
  readonly spans: string
}

/** Plays it to its end. The time moves on a little with every step. */
export async function perform(world: World, play: Play): Promise<Traces> {
  const { upstream, assets, peers, names, parts, signals } = world
  takeAll(world)
  upstream.answer(play.upstream ?? nothing)
  assets.answer(play.assets ?? nothing)
  for (const server of peers.values()) server.answer(play.peer ?? nothing)
  const before = parts.journal.read({ limit: 1_000, afterId: journalEnd(world) }).lastId
  const replies: { step: Step; reply: Reply }[] = []
  for (const step of play.steps) {
    replies.push({ step, reply: await take(world, step) })
    await settled(world)
    world.advance(STEP_MS)
  }
  await parts.journal.flush()
  const events = parts.journal.read({ limit: 1_000, afterId: before }).entries
  rememberEnd(world, events.at(-1)?.id ?? before)
  return {
    replies,
    upstream: upstream.take(),
    peers: new Map([names.peer, names.third].map((name) => [name, peers.get(name)?.take() ?? []])),
    assets: assets.take(),
    journal: events.map(({ event }) => JSON.stringify(event)),
    log: signals.takeLog(),
    metrics: await signals.metricsText(),
    spans: signals.takeSpans(),
  }
}

function take(world: World, step: Step): Promise<Reply> {
  const { names, peersPort, internalSocket } = world
  if (step.from === 'inside') {
    const { path, headers = {}, method = 'POST', body } = step
    const sent = { method, path: `/internal/v1/${path}`, headers }
    return sendInternally(internalSocket, body === undefined ? sent : { ...sent, body })
  }
  const { domain, operation, target, body, headers = {} } = step
  const isGet = operation === 'proxyDownload'
  return sendAsPeer({ port: peersPort, domain: names.self }, world.identityOf(domain), {
    method: isGet ? 'GET' : 'POST',
    path: `/${operation}/${encodeURIComponent(target)}`,
    headers: {
      host: names.self,
      from: `mimi@${domain}`,
      ...(isGet ? {} : { 'content-type': 'application/octet-stream' }),
      ...headers,
    },
    body,
  })
}

/** Nothing goes out any more. */
async function settled({ parts }: World): Promise<void> {
  for (let waited = 0; waited < SETTLE_MS_MAX; waited += SETTLE_MS) {
    const { waiting, inFlight } = parts.outbox.counts()
    if (waiting + inFlight === 0) return
    await delay(SETTLE_MS)
  }
  throw new Error('fan-out did not end')
}

function takeAll({ upstream, assets, peers, signals }: World): void {
  for (const server of [upstream, assets, ...peers.values()]) server.take()
  signals.takeLog()
  signals.takeSpans()
}

function journalEnd(world: World): number {
  return ends.get(world) ?? 0
}

function rememberEnd(world: World, id: number): void {
  ends.set(world, id)
}

const ends = new WeakMap<World, number>()
const nothing: Script = () => undefined
/** The time from one step to the next. */
export const STEP_MS = 5
const SETTLE_MS = 5
const SETTLE_MS_MAX = 10_000
