import { claimed, plansWith, secrets } from './cast.ts'
import type { Claim } from './claim.ts'
import { checkClaims } from './claims.ts'
import { Eye } from './eye.ts'
import type { Printer } from './print.ts'
import type { Federation } from './providers.ts'
import { unflattering, type Remark } from './remarks.ts'
import { Stage, type StepResult } from './stage.ts'
import { play, raiseCurtain } from './story.ts'
import { whoSawWhat, type Row } from './who-saw-what.ts'
import type { Witnessed } from './witnessed.ts'

/** What `--json` prints. */
export interface DemoResult {
  readonly ok: boolean
  readonly durationMs: number
  /** What the hub decided by: a profile, or a directory. */
  readonly policies: string
  readonly steps: readonly StepResult[]
  /** How many requests crossed between providers, and are behind what follows. */
  readonly crossings: number
  /** Who saw which field in which form. */
  readonly table: readonly Row[]
  /** What a provider can put together. */
  readonly remarks: readonly Remark[]
  readonly claims: readonly Claim[]
}

export interface DemoOptions {
  readonly printer: Printer
  readonly signal: AbortSignal
  /** Of the hub: a profile, or the absolute path of a directory. */
  readonly policies: string
}

/** Plays the story, then looks at what crossed. Nothing runs any more when it resolves. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { printer, signal, policies } = options
  const startedAtMs = performance.now()
  const stage = new Stage(printer, signal)
  printer.begin(`${claimed.hub} decides by the policies ${policies}`)
  const { witnessed, played } = await perform(stage, options)
  const { crossings } = witnessed
  const seen = lookAt(witnessed)
  if (crossings.length > 0 && !signal.aborted) {
    printer.table(seen.table)
    printer.remarks(seen.remarks)
    printer.claims(seen.claims)
  }
  const ok = played && seen.claims.every((claim) => claim.ok)
  const result = { ok, durationMs: Math.round(performance.now() - startedAtMs) }
  if (!signal.aborted) printer.end(result)
  return { ...result, policies, steps: stage.steps, crossings: crossings.length, ...seen }
}

interface Performance {
  readonly witnessed: Witnessed
  readonly played: boolean
}

/** A step that fails ends the story; the stage has recorded why. */
async function perform(
  stage: Stage,
  { printer, signal, policies }: DemoOptions,
): Promise<Performance> {
  let federation: Federation | undefined
  try {
    federation = await raiseCurtain(stage, plansWith(policies), signal)
    await orAborted(play(stage, federation), signal)
    await federation.recording.settled()
    return { witnessed: await witnessedIn(federation), played: true }
  } catch {
    if (signal.aborted) printer.stopped()
    else if (federation !== undefined) printer.logs(await logsOf(federation))
    return { witnessed: await witnessedIn(federation), played: false }
  } finally {
    await federation?.[Symbol.asyncDispose]()
  }
}

async function witnessedIn(federation: Federation | undefined): Promise<Witnessed> {
  if (federation === undefined) return { crossings: [], kept: [] }
  return { crossings: federation.recording.crossings, kept: await federation.keptFiles() }
}

function logsOf({ providers }: Federation) {
  return Promise.all(
    providers.map(async ({ gateway }) => ({
      domain: gateway.domain,
      text: await gateway.logTail(),
    })),
  )
}

function lookAt(witnessed: Witnessed): Pick<DemoResult, 'table' | 'remarks' | 'claims'> {
  const { crossings } = witnessed
  const eye = new Eye(secrets, crossings)
  return {
    table: whoSawWhat(crossings, eye),
    remarks: unflattering(crossings, eye),
    claims: checkClaims(witnessed, eye, claimed),
  }
}

/** Stops waiting as soon as somebody wants to leave; what is under way ends with the processes. */
async function orAborted(playing: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(new Error('aborted'))
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([playing, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
