import { withArchive } from '../metadata/archive.ts'
import { computePlan, type Permission, type Plan } from '../metadata/plan.ts'
import type { Suite } from '../metadata/suite.ts'
import type { FieldDeclaration } from '../model/adapter.ts'
import { operations, type Direction, type Operation } from '../model/exchange.ts'
import {
  audiences,
  purposes,
  type Audience,
  type FieldName,
  type Purpose,
} from '../model/metadata.ts'
import { senderTiers, type SenderTier } from '../model/sender-tier.ts'
import { admissionRequest, type CedarRequest, type PolicyEngine } from './engine.ts'
import { mostExposing } from './most-exposing.ts'
import { createSlices, type PolicyRoom, type Slices } from './slices.ts'
import type { AdmissionContext, PeerFacts, RoomFacts } from './vocabulary.ts'

export interface PlanRequest {
  /** Keep one object per peer: its slice is remembered by identity. */
  readonly peer: PeerFacts
  /** Keep one object per room, likewise. */
  readonly room: PolicyRoom
  readonly operation: Operation
  readonly direction: Direction
  readonly audience: Audience
  readonly purpose: Purpose
}

interface AdmissionRequest extends AdmissionContext {
  readonly peer: PeerFacts
  readonly room: PolicyRoom
  readonly operation: Operation
}

type Admission =
  | { readonly kind: 'admitted'; readonly policies: readonly string[] }
  | { readonly kind: 'refused'; readonly policies: readonly string[] }

/** What a plan is of: peer and room as policies see them. */
export interface PlannedRequest extends Pick<
  PlanRequest,
  'operation' | 'direction' | 'audience' | 'purpose'
> {
  readonly peer: PeerFacts
  readonly room: RoomFacts
  readonly suite: Suite
}

/** A plan that is held, and how many requests have had it. */
export interface RecordedPlan {
  readonly request: PlannedRequest
  readonly plan: Plan
  readonly requests: number
}

/** An admission, likewise. */
export interface RecordedAdmission {
  readonly request: CedarRequest
  readonly admission: Admission
  readonly requests: number
}

export interface Recorded {
  readonly plans: readonly RecordedPlan[]
  readonly admissions: readonly RecordedAdmission[]
}

/** Plans and admissions of one engine: computed when first needed (tens of ms), then looked up (< 1 µs). */
export interface PlanTable {
  readonly engine: PolicyEngine
  /** For a request, which is counted. */
  plan(request: PlanRequest): Plan
  /** The same for whoever only wants to know: nothing is counted. */
  look(request: PlanRequest): Plan
  admit(request: AdmissionRequest): Admission
  /**
   * In which tiers an operation would be let in, the most telling first: what a refused sender is told
   * to come with, and whether there is any. Nothing is counted.
   */
  acceptableTiers(request: Omit<AdmissionRequest, 'tier'>): readonly SenderTier[]
  /** Forgets everything, for when declarations or suites changed under it. */
  invalidate(): void
  /** How many plans and admissions are held. */
  size(): number
  /** What requests have had, with their numbers since it was first needed. */
  recorded(): Recorded
}

/** A table over one engine and the declarations of the adapters in use; at most 65,536 entries. */
export function createPlanTable(
  engine: PolicyEngine,
  declarations: readonly FieldDeclaration[],
): PlanTable {
  const declared = withArchive(declarations)
  const slices = createSlices(engine.named)
  const plans = new Map<number, Counted<RecordedPlan>>()
  const admissions = new Map<number, Counted<RecordedAdmission>>()
  const invalidate = (): void => {
    slices.clear()
    plans.clear()
    admissions.clear()
  }
  /** The number of the pair of slices; starts afresh where a bound is met. */
  const pairOf = (request: { peer: PeerFacts; room: PolicyRoom }): number => {
    const pair = slices.pair(request.peer, request.room)
    if (pair !== undefined && plans.size + admissions.size < ENTRIES_MAX) return pair
    invalidate()
    return slices.pair(request.peer, request.room) ?? 0
  }
  const held = (request: PlanRequest): Counted<RecordedPlan> => {
    const key = pairOf(request) * PLANS_PER_PAIR + planNumber(request)
    const known = plans.get(key)
    if (known !== undefined) return known
    const asked = plannedRequest(request, slices)
    const found = { request: asked, plan: planOf(engine, declared, asked), requests: 0 }
    plans.set(key, found)
    return found
  }
  const heldAdmission = (request: AdmissionRequest): Counted<RecordedAdmission> => {
    const key = pairOf(request) * ADMISSIONS_PER_PAIR + admissionNumber(request)
    const known = admissions.get(key)
    if (known !== undefined) return known
    const asked = askedAdmission(request, slices)
    const found = { request: asked, admission: admissionOf(engine, asked), requests: 0 }
    admissions.set(key, found)
    return found
  }
  return {
    engine,
    invalidate,
    size: () => plans.size + admissions.size,
    recorded: () => ({ plans: requested(plans), admissions: requested(admissions) }),
    look: (request) => held(request).plan,
    plan: (request) => counted(held(request)).plan,
    admit: (request) => counted(heldAdmission(request)).admission,
    acceptableTiers: (request) => tiersOf((tier) => heldAdmission({ ...request, tier })),
  }
}

function counted<T extends { requests: number }>(entry: T): T {
  entry.requests += 1
  return entry
}

function requested<T extends { readonly requests: number }>(
  entries: ReadonlyMap<number, T>,
): readonly T[] {
  return [...entries.values()].filter(({ requests }) => requests > 0)
}

function tiersOf(held: (tier: SenderTier) => RecordedAdmission): readonly SenderTier[] {
  return senderTiers.filter((tier) => held(tier).admission.kind === 'admitted')
}

function plannedRequest(
  { peer, room, operation, direction, audience, purpose }: PlanRequest,
  slices: Slices,
): PlannedRequest {
  const { suite } = room
  return { ...slices.representatives(peer, room), suite, operation, direction, audience, purpose }
}

function askedAdmission(request: AdmissionRequest, slices: Slices): CedarRequest {
  const { peer, room, operation, direction, local, tier } = request
  const context = { direction, local, tier }
  return admissionRequest(slices.representatives(peer, room), context, operation)
}

function admissionOf(engine: PolicyEngine, request: CedarRequest): Admission {
  const { decision, policies } = engine.decide(request)
  return Object.freeze({ kind: decision === 'allow' ? 'admitted' : 'refused', policies })
}

/** The plan that an engine makes of a request; `declared` are the declarations with the archive's. */
export function planOf(
  engine: PolicyEngine,
  declared: readonly FieldDeclaration[],
  request: PlannedRequest,
): Plan {
  const { peer, room, purpose, audience, direction, operation } = request
  const context = { purpose, audience, direction, operation }
  const answers = new Map<FieldName, Permission>()
  const permitted = (field: FieldName): Permission => {
    const answer = answers.get(field) ?? mostExposing(engine, field, { peer, room, context })
    answers.set(field, answer)
    return answer
  }
  return computePlan({
    suite: request.suite,
    purpose,
    declarations: declared.filter(
      (declaration) => declaration.operation === operation && declaration.audience === audience,
    ),
    permitted,
  })
}

function planNumber({ operation, direction, audience, purpose }: PlanRequest): number {
  const way = operations.indexOf(operation) * 2 + (direction === 'ingress' ? 0 : 1)
  return (
    (way * audiences.length + audiences.indexOf(audience)) * purposes.length +
    purposes.indexOf(purpose)
  )
}

function admissionNumber(request: AdmissionRequest): number {
  const way = operations.indexOf(request.operation) * 2 + (request.direction === 'ingress' ? 0 : 1)
  const origin = way * 2 + (request.local ? 1 : 0)
  return origin * senderTiers.length + senderTiers.indexOf(request.tier)
}

type Counted<T extends { readonly requests: number }> = Omit<T, 'requests'> & { requests: number }

const PLANS_PER_PAIR = operations.length * 2 * audiences.length * purposes.length
const ADMISSIONS_PER_PAIR = operations.length * 2 * 2 * senderTiers.length
const ENTRIES_MAX = 65_536
