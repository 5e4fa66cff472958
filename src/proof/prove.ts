import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TransformName } from '../metadata/transforms.ts'
import type { SpanRecorder } from '../signals/span-recorder.ts'
import { compare, type Compared, type Twins } from './interference.ts'
import { allPairs } from './pairs.ts'
import { allScenarios } from './scenarios.ts'
import { castFor, setUp } from './stage.ts'
import { taint, type Tainted } from './taint.ts'
import { openWorld, type World, type WorldCertificates } from './world.ts'
import type { Neighbours } from './world-config.ts'

/** Who there is in every proof: the certificates are theirs. */
export const neighbours: Neighbours = {
  self: 'self-canary.example',
  peer: 'peer-canary.example',
  third: 'third-canary.example',
  assetHost: 'assets-canary.example',
}

export interface ProofOptions {
  /** The suite of the rooms and of everything else. */
  readonly suite: string
  /** A profile, or the path of a file or a directory of Cedar policies. */
  readonly policies: string
  /** An empty directory with a short path, for sockets and databases. */
  readonly directory: string
  readonly certificates: WorldCertificates
  /** When it all happens, in ms since the Unix epoch; the certificates are valid then. */
  readonly startMs: number
  readonly spans: SpanRecorder
  /** A transform that does nothing. */
  readonly removed?: TransformName
  /** Only what has one of these names, instead of everything. */
  readonly only?: ReadonlySet<string>
}

export interface TaintProof {
  /** Whether the policies serve the suite: where they do not, there are no rooms of it. */
  readonly served: boolean
  readonly tainted: readonly Tainted[]
}

/** Every operation in each direction with a canary in every field: where does one turn up unplanned? */
export async function proveTaint(options: ProofOptions): Promise<TaintProof> {
  await using world = await worldOf(options, 'one')
  const cast = await castFor(world, SEED)
  const served = await setUp(world, cast)
  const tainted: Tainted[] = []
  // In turn: they share a gateway, and the room changes with them.
  for (const scenario of allScenarios(world, cast))
    if (isAsked(options, scenario)) tainted.push(await taint(world, scenario))
  return { served, tainted }
}

export interface InterferenceProof {
  readonly served: boolean
  readonly compared: readonly Compared[]
}

/** Every two courses of events that differ in a withheld field: who sees which of the two it was? */
export async function proveInterference(options: ProofOptions): Promise<InterferenceProof> {
  await using left = await worldOf(options, 'left')
  await using right = await worldOf(options, 'right')
  const twins: Twins = { left, right }
  const cast = await castFor(left, SEED)
  const served = await setUp(left, cast)
  await setUp(right, await castFor(right, SEED))
  const compared: Compared[] = []
  for (const pair of allPairs(left, cast))
    if (isAsked(options, pair)) compared.push(await compare(twins, pair))
  return { served, compared }
}

async function worldOf(options: ProofOptions, name: string): Promise<World> {
  const directory = join(options.directory, name)
  await mkdir(directory)
  // No time of it is the beginning of a bucket.
  const startMs = options.startMs - (options.startMs % 60_000) + 1_203
  return openWorld({ ...options, directory, startMs, names: neighbours, seed: SEED })
}

function isAsked({ only }: ProofOptions, { name }: { readonly name: string }): boolean {
  return only?.has(name) ?? true
}

/** Every proof is the same one again. */
const SEED = 'proof'
