import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FieldName } from '../model/metadata.ts'
import { holds, isAllowed, type Canary, type Part } from './canary.ts'
import { textOf, type Captured } from './capture-server.ts'
import { anyOf, nothingAtAll, planned, type Most } from './expected.ts'
import { perform, type Step, type Traces } from './play.ts'
import type { Reply } from './requests.ts'
import type { Scenario, View } from './scenario.ts'
import type { World } from './world.ts'

/** A canary where the plan has none. */
export interface Leak {
  readonly scenario: string
  readonly place: string
  readonly fields: readonly FieldName[]
  /** Where it turned up: a provider, `journal`, `store`, `log`, … */
  readonly sink: string
}

export interface Tainted {
  readonly scenario: Scenario
  readonly leaks: readonly Leak[]
  /** How many canaries were looked for in how many places. */
  readonly looked: number
  /** Statuses of the answers, in order. */
  readonly statuses: readonly number[]
}

/** Plays a scenario and looks for every canary in every place where it could turn up. */
export async function taint(world: World, scenario: Scenario): Promise<Tainted> {
  const storeBefore = await storeBytes(world)
  const traces = await perform(world, scenario.play)
  const store = await storeBytes(world)
  const canaries = [...scenario.canaries, ...(scenario.later?.() ?? [])]
  const sinks = sinksOf(world, scenario, { ...traces, storeBefore, store })
  const leaks: Leak[] = []
  for (const sink of sinks)
    for (const canary of canaries) {
      const { place, fields, value } = canary
      if (sink.knows?.(canary) === true || isAllowed(canary, sink.most(canary))) continue
      if (sink.pieces.some((bytes) => holds(bytes, value)))
        leaks.push({ scenario: scenario.name, place, fields, sink: sink.name })
    }
  const statuses = traces.replies.map(({ reply }) => reply.status)
  return { scenario, leaks, looked: sinks.length * canaries.length, statuses }
}

interface Sink {
  readonly name: string
  readonly pieces: readonly Buffer[]
  readonly most: (canary: Canary) => Most
  /** Whether whoever is there brought the canary itself. */
  readonly knows?: (canary: Canary) => boolean
}

/** With the database files as they are on the disk, before and after. */
interface TracesOnDisk extends Traces {
  readonly storeBefore: Buffer
  readonly store: Buffer
}

async function storeBytes({ directory }: World): Promise<Buffer> {
  const files = ['postern.sqlite', 'postern.sqlite-wal'].map((name) =>
    readFile(join(directory, 'data', name)),
  )
  return Buffer.concat(await Promise.all(files))
}

function sinksOf(world: World, scenario: Scenario, traces: TracesOnDisk): readonly Sink[] {
  const { views } = scenario
  const inwards = views.filter(({ direction }) => direction === 'ingress')
  const kept = (canary: Canary) => archived(world, views, canary)
  return [
    {
      name: 'delivery service',
      pieces: traces.upstream.map(textOf),
      most: (canary) => mostOf(world, inwards, { canary, of: 'request', to: 'reads' }),
      knows: ({ part }) => part === 'response',
    },
    ...[...traces.peers].map(([domain, captured]) =>
      peerSink(world, scenario, { domain, captured }),
    ),
    {
      name: 'asset host',
      pieces: traces.assets.map(textOf),
      most: (canary) =>
        mostOf(
          world,
          views.filter(({ reads }) => reads === 'target'),
          { canary, of: 'request', to: 'reads' },
        ),
    },
    ...traces.replies.map(({ step, reply }) => replySink(world, scenario, { step, reply })),
    { name: 'journal', pieces: texts(traces.journal), most: kept },
    {
      name: 'store',
      pieces: [traces.store],
      knows: ({ value }) => holds(traces.storeBefore, value),
      most: (canary) => anyOf([kept(canary), storable(world, views, canary)]),
    },
    ...(['log', 'metrics', 'spans'] as const).map((name) => ({
      name,
      pieces: texts([traces[name]]),
      most: () => nothingAtAll,
    })),
  ]
}

interface PeerEnd {
  readonly domain: string
  readonly captured: readonly Captured[]
}

/** What reached another provider: what goes out to it, under the plan for it. */
function peerSink(world: World, { views, play }: Scenario, { domain, captured }: PeerEnd): Sink {
  const outwards = views.filter(
    ({ direction, other }) => direction === 'egress' && other === domain,
  )
  return {
    name: domain,
    pieces: captured.map(textOf),
    most: (canary) => mostOf(world, outwards, { canary, of: 'request', to: 'reads' }),
    knows: ({ part }) =>
      part === 'request' &&
      play.steps.some((step) => step.from === 'peer' && step.domain === domain),
  }
}

interface Replied {
  readonly step: Step
  readonly reply: Reply
}

/** What whoever asked was answered; it knows what it said, but no problem may say it again. */
function replySink(world: World, { views }: Scenario, { step, reply }: Replied): Sink {
  const pieces = [Buffer.from(reply.headers.join('\n')), reply.body]
  const name = `answer to ${step.from === 'peer' ? step.domain : 'the delivery service'}`
  if (reply.isProblem) return { name: `${name}: problem`, pieces, most: () => nothingAtAll }
  if (step.from === 'inside') return { name, pieces, most: () => nothingAtAll, knows: () => true }
  const asked = views.filter(
    ({ direction, other }) => direction === 'ingress' && other === step.domain,
  )
  return {
    name,
    pieces,
    most: (canary) => mostOf(world, asked, { canary, of: 'response', to: 'asks' }),
    knows: ({ part }) => part === 'request',
  }
}

interface Question {
  readonly canary: Canary
  /** The part of which the sink gets to see something. */
  readonly of: Part
  readonly to: 'reads' | 'asks'
}

function mostOf(world: World, views: readonly View[], { canary, of, to }: Question): Most {
  if (!partsOf(canary).includes(of)) return nothingAtAll
  return anyOf(views.map((view) => planned(world, view, { audience: view[to], part: of })))
}

function archived(world: World, views: readonly View[], canary: Canary): Most {
  return anyOf(
    views.flatMap((view) =>
      partsOf(canary).map((part) => planned(world, view, { audience: 'archive', part })),
    ),
  )
}

/** What passes may be on our disk while it is under way, and what we are shown as the hub of a room. */
function storable(world: World, views: readonly View[], canary: Canary): Most {
  const passing = views.flatMap((view) =>
    partsOf(canary).map((part) =>
      planned(world, view, { audience: part === 'request' ? view.reads : view.asks, part }),
    ),
  )
  const ownRooms = views
    .filter(({ room }) => room?.startsWith(`mimi://${world.names.self}/`) === true)
    .map((view) => planned(world, ownRoom(view), { audience: 'hub', part: 'request' }))
  return anyOf([...passing, ...ownRooms])
}

/** The state of a room of ours is what its handshakes showed us. */
function ownRoom(view: View): View {
  return { ...view, operation: 'update', direction: 'ingress', other: undefined }
}

function partsOf({ part }: Canary): readonly Part[] {
  return part === 'both' ? ['request', 'response'] : [part]
}

function texts(pieces: readonly string[]): readonly Buffer[] {
  return pieces.map((piece) => Buffer.from(piece))
}
