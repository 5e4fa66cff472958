import { compareForms, type FieldName, type Form } from '../model/metadata.ts'
import type { Part } from './canary.ts'
import { textOf, type Captured } from './capture-server.ts'
import { planned } from './expected.ts'
import { perform, type Play, type Traces } from './play.ts'
import type { Opener, View } from './scenario.ts'
import type { World } from './world.ts'

/** Everything that somebody sees, by who it is. */
const sinkNames = [
  'answer',
  'delivery service',
  'peer',
  'third',
  'asset host',
  'journal',
  'log',
  'metrics',
  'spans',
] as const
export type SinkName = (typeof sinkNames)[number]

/** Values that stand for the same thing on both sides, each under one name. */
export interface Renaming {
  readonly left: readonly Buffer[]
  readonly right: readonly Buffer[]
}

/** Two courses of events that differ in one field only. */
export interface Pair {
  /** For people: `keyMaterial in: userUnknown or noConsent`. */
  readonly name: string
  readonly field: FieldName
  readonly part: Part | 'both'
  /** The clearest form in which the two still look alike. */
  readonly alikeUpTo: Form
  readonly views: readonly View[]
  readonly left: Play
  readonly right: Play
  readonly renaming?: readonly Renaming[]
  /** Where it is looked; everywhere unless given. */
  readonly only?: readonly SinkName[]
  /** Where it must look alike whatever the plan says. */
  readonly always?: readonly SinkName[]
  /** Only where this one must look alike too: what it may be told shows in what becomes of it. */
  readonly given?: SinkName
  /** The right one happens so much later, in ms. */
  readonly laterMs?: number
  /** What is sealed to a client; what seals it is random. */
  readonly open?: Opener
}

/** Something that shows which of the two it was. */
export interface Difference {
  readonly pair: string
  readonly field: FieldName
  readonly sink: SinkName
  /** What stands on either side where they part. */
  readonly left: string
  readonly right: string
}

export interface Compared {
  readonly pair: Pair
  /** Where the plan withholds the field, so that both had to look alike. */
  readonly sinks: readonly SinkName[]
  readonly differences: readonly Difference[]
}

/** Two worlds of one seed, in which everything happened alike so far. */
export interface Twins {
  readonly left: World
  readonly right: World
}

/** Plays each side in a world of its own and compares what the plan withholds the difference from. */
export async function compare(twins: Twins, pair: Pair): Promise<Compared> {
  const { laterMs = 0, field } = pair
  align(twins, pair.name)
  twins.right.advance(laterMs)
  const left = await observed(twins.left, pair, 'left')
  const right = await observed(twins.right, pair, 'right')
  twins.left.advance(laterMs)
  const sinks = sinkNames.filter((sink) => mustLookAlike(twins.left, pair, sink))
  const differences = sinks
    .filter((sink) => left[sink] !== right[sink])
    .map((sink) => ({ pair: pair.name, field, sink, ...excerpts(left[sink], right[sink]) }))
  return { pair, sinks, differences }
}

/** The texts around the first character in which they differ, as JSON strings. */
function excerpts(left: string, right: string): { readonly left: string; readonly right: string } {
  let at = 0
  while (at < left.length && left[at] === right[at]) at += 1
  const around = (text: string) =>
    JSON.stringify(text.slice(Math.max(0, at - EXCERPT_BEFORE), at + EXCERPT_AFTER))
  return { left: around(left), right: around(right) }
}

function mustLookAlike(world: World, pair: Pair, sink: SinkName): boolean {
  const { only, always = [], given, views, field, part, alikeUpTo } = pair
  if (always.includes(sink)) return true
  if (given !== undefined && given !== sink && !mustLookAlike(world, pair, given)) return false
  if (only !== undefined && !only.includes(sink)) return false
  const forms = views.flatMap((view) => {
    const audience = audienceOf(world, view, sink)
    if (audience === undefined) return []
    const parts: readonly Part[] = part === 'both' ? ['request', 'response'] : [part]
    return parts.map((one) => planned(world, view, { audience, part: one })(field))
  })
  return forms.every((form) => compareForms(form, alikeUpTo) <= 0)
}

/** Who is at a sink in an exchange; undefined: nobody who may see anything of it. */
function audienceOf({ names }: World, view: View, sink: SinkName) {
  const { direction, other, reads, asks } = view
  switch (sink) {
    case 'answer':
      return direction === 'ingress' ? asks : undefined
    case 'delivery service':
      return direction === 'ingress' ? reads : undefined
    case 'peer':
      return direction === 'egress' && other === names.peer ? reads : undefined
    case 'third':
      return direction === 'egress' && other === names.third ? reads : undefined
    case 'asset host':
      return direction === 'egress' && reads === 'target' ? reads : undefined
    case 'journal':
      return 'archive'
    case 'log':
    case 'metrics':
    case 'spans':
      return undefined
  }
}

type Observed = Readonly<Record<SinkName, string>>

async function observed(world: World, pair: Pair, side: 'left' | 'right'): Promise<Observed> {
  const before = await world.signals.metricsText()
  const traces = await perform(world, pair[side])
  const seen = sinksOf(world, traces, { metricsBefore: before, open: pair.open })
  const renamed = (text: string) => rename(text, pair.renaming ?? [], side)
  return {
    answer: renamed(seen.answer),
    'delivery service': renamed(seen['delivery service']),
    peer: renamed(seen.peer),
    third: renamed(seen.third),
    'asset host': renamed(seen['asset host']),
    journal: renamed(seen.journal),
    log: renamed(seen.log),
    metrics: renamed(seen.metrics),
    spans: renamed(seen.spans),
  }
}

interface Seen {
  readonly metricsBefore: string
  readonly open: Opener | undefined
}

function sinksOf({ names }: World, traces: Traces, { metricsBefore, open }: Seen): Observed {
  const { replies, upstream, peers, assets, journal, log, metrics, spans } = traces
  const answers = replies
    .filter(({ step }) => step.from === 'peer')
    .map(({ reply: { status, headers, body, isProblem } }) => {
      const read = open === undefined || isProblem ? body : open(body)
      return `${status} ${headers.join('\n')}\n${latin(read)}`
    })
  return {
    answer: answers.join('\n'),
    'delivery service': captured(upstream),
    peer: captured(peers.get(names.peer) ?? []),
    third: captured(peers.get(names.third) ?? []),
    'asset host': captured(assets),
    journal: events(journal),
    log,
    metrics: added(metricsBefore, metrics),
    spans,
  }
}

/** Without the ids of requests, which are random. What goes to several at once ends in no order. */
function events(journal: readonly string[]): string {
  const texts = journal.map((event) => event.replace(/"requestId":"[^"]*",/, ''))
  const fanouts = texts.filter((event) => event.startsWith(FANOUT))
  return [...texts.filter((event) => !event.startsWith(FANOUT)), ...fanouts.toSorted()].join('\n')
}

/** Without the id of the request, which is random. */
function captured(requests: readonly Captured[]): string {
  const texts = requests.map((request) => {
    const at = request.headers.indexOf('postern-request-id')
    const headers = at === -1 ? request.headers : request.headers.toSpliced(at, 2)
    return latin(textOf({ ...request, headers }))
  })
  // What goes to several at once arrives in no order.
  return texts.toSorted().join('\n')
}

/** The samples that are other ones than before. */
function added(before: string, after: string): string {
  const known = new Set(before.split('\n'))
  const old = counted(before.split('\n'))
  const isNew = (line: string) => !line.startsWith('#') && !known.has(line)
  const changed = counted(after.split('\n').filter(isNew))
  return [...changed].map(([name, value]) => `${name} +${value - (old.get(name) ?? 0)}`).join('\n')
}

/** The values of samples, by their names and labels. */
function counted(samples: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))] as const
    }),
  )
}

function rename(text: string, renamings: readonly Renaming[], side: 'left' | 'right'): string {
  const named = renamings.reduce(
    (renamed, values, number) =>
      values[side].reduce((soFar, value) => soFar.replaceAll(latin(value), `#${number}`), renamed),
    text,
  )
  const seen = new Map<string, string>()
  return named.replaceAll(PSEUDONYM, (pseudonym) => {
    const name = seen.get(pseudonym) ?? `~#${seen.size}`
    seen.set(pseudonym, name)
    return name
  })
}

/**
 * Both begin with the same random choices and at the same full minute: the largest bucket of time of a
 * built-in suite.
 */
function align({ left, right }: Twins, seed: string): void {
  const next = Math.ceil((Math.max(left.now(), right.now()) + 1) / MINUTE_MS) * MINUTE_MS
  for (const world of [left, right]) {
    world.advance(next - world.now())
    world.reseed(seed)
  }
}

function latin(bytes: Buffer): string {
  return bytes.toString('latin1')
}

const PSEUDONYM = /~[A-Za-z0-9_-]{22}/g
const FANOUT = '{"schema":1,"kind":"fanout.'
const MINUTE_MS = 60_000
const EXCERPT_BEFORE = 40
const EXCERPT_AFTER = 40
