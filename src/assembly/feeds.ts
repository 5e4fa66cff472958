import { readClosedFile } from '../keys/closed-file.ts'
import type { KeyRing } from '../keys/key-files.ts'
import { coopReceiver, isForCoop } from '../feeds/coop.ts'
import type { FeedSpec } from '../feeds/feed.ts'
import { Feeds } from '../feeds/feeds.ts'
import { triageOf, type Happening } from '../feeds/happenings.ts'
import { siemReceiver } from '../feeds/siem.ts'
import { parseWebhookSecret, webhookReceiver } from '../feeds/webhook.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { keyedHandle } from '../reports/handles.ts'
import type { ReportDesk } from '../reports/report-desk.ts'
import type { Config } from '../settings/config.ts'
import type { CoopConfig, SiemConfig, WebhookConfig } from '../settings/outside.ts'
import { jsonLines, jsonLinesTo } from '../signals/json-lines.ts'
import { safeId } from '../signals/log-safe.ts'
import type { Log } from '../signals/log.ts'
import type { Store } from '../sqlite/store.ts'
import { repeat } from './repeat.ts'

export interface FeedsParts {
  readonly config: Config
  readonly store: Store
  readonly keys: KeyRing
  readonly parts: { readonly reports: Pick<ReportDesk, 'show'> }
  readonly version: string
  readonly log: Log
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Who is told of what happens to cases. Throws `key-unavailable`, `configuration-invalid`. */
export async function openFeeds(parts: FeedsParts): Promise<Feeds> {
  const { store, log, clock, randomness, config } = parts
  const onFault = (fault: unknown) => log.fault('feed.failed', fault)
  const feeds = new Feeds({ store, clock, randomness, onFault })
  await feeds.configure(await feedSpecs(parts, config))
  return feeds
}

/** All that a configuration names. Throws `key-unavailable`, `configuration-invalid`. */
export async function feedSpecs(
  parts: Omit<FeedsParts, 'config'>,
  { provider, moderation }: Config,
): Promise<readonly FeedSpec[]> {
  const { webhooks, siem, coop } = moderation
  return [
    ...(await Promise.all(webhooks.map((hook) => webhookSpec(parts, hook)))),
    ...(siem === undefined ? [] : [siemSpec(parts, siem, provider)]),
    ...(coop === undefined ? [] : [await coopSpec(parts, coop)]),
  ]
}

/** Tells what is due, now and each second. */
export function startFeeds(feeds: Feeds): AsyncDisposable {
  const timer = repeat(() => feeds.pump(), INTERVAL_MS)
  return {
    [Symbol.asyncDispose]: async () => {
      timer[Symbol.dispose]()
      await feeds.stop()
    },
  }
}

type SpecParts = Omit<FeedsParts, 'config'>

async function webhookSpec({ clock }: SpecParts, hook: WebhookConfig): Promise<FeedSpec> {
  const { name, events, queues, url, privateAddress } = hook
  const texts = await Promise.all(hook.secrets.map(readClosedFile))
  const secrets = texts.map(parseWebhookSecret)
  const told: ReadonlySet<string> = new Set(events)
  const isFor = inQueues(queues)
  return {
    name,
    kind: 'webhook',
    wants: (happening) => told.has(happening.name) && isFor(happening),
    receiver: webhookReceiver({ url, privateAddress, secrets, clock }),
  }
}

function siemSpec(
  { keys, version }: SpecParts,
  { file, queues }: SiemConfig,
  provider: string,
): FeedSpec {
  const { key } = keys.active('report-handles')
  const write = file === undefined ? jsonLinesTo(process.stdout) : jsonLines(file, { flush: true })
  const handleOf = (member: string) => keyedHandle(key, ['moderator', member])
  return {
    name: 'siem',
    kind: 'siem',
    wants: inQueues(queues),
    receiver: siemReceiver(write, { provider, version, handleOf }),
  }
}

async function coopSpec(
  { keys, parts, log, clock }: SpecParts,
  coop: CoopConfig,
): Promise<FeedSpec> {
  const isFor = inQueues(coop.queues)
  const apiKey = await readClosedFile(coop.apiKey)
  return {
    name: 'coop',
    kind: 'coop',
    wants: (happening) => isForCoop(happening) && isFor(happening),
    receiver: coopReceiver({
      ...coop,
      apiKey: apiKey.trim(),
      reports: parts.reports,
      keys: (keyId) => keys.all('report-sealing').find((key) => key.id === keyId)?.key,
      onOpened: (report) => log.info('report.opened', { report: safeId(report) }),
      handleKey: keys.active('report-handles').key,
      clock,
    }),
  }
}

function inQueues(queues: readonly string[]): (happening: Happening) => boolean {
  const told: ReadonlySet<string> = new Set(queues)
  return (happening) => told.has(triageOf(happening).queue)
}

const INTERVAL_MS = 1_000
