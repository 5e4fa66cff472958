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
import { admissionRequest, type PolicyEngine } from './engine.ts'
import { mostExposing } from './most-exposing.ts'
import { createSlices, type PolicyRoom } from './slices.ts'
import type { AdmissionContext, PeerFacts } from './vocabulary.ts'

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

/** Plans and admissions of one engine: computed when first needed (tens of ms), then looked up (< 1 µs). */
export interface PlanTable {
  readonly engine: PolicyEngine
  plan(request: PlanRequest): Plan
  admit(request: AdmissionRequest): Admission
  /** Forgets everything, for when declarations or suites changed under it. */
  invalidate(): void
  /** How many plans and admissions are held. */
  size(): number
}

/** A table over one engine and the declarations of the adapters in use; at most 65,536 entries. */
export function createPlanTable(
  engine: PolicyEngine,
  declarations: readonly FieldDeclaration[],
): PlanTable {
  const declared = withArchive(declarations)
  const slices = createSlices(engine.named)
  const plans = new Map<number, Plan>()
  const admissions = new Map<number, Admission>()
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
  return {
    engine,
    invalidate,
    size: () => plans.size + admissions.size,
    plan: (request) => {
      const key = pairOf(request) * PLANS_PER_PAIR + planNumber(request)
      const known = plans.get(key)
      if (known !== undefined) return known
      const plan = fillPlan(engine, declared, {
        ...request,
        ...slices.representatives(request.peer, request.room),
        suite: request.room.suite,
      })
      plans.set(key, plan)
      return plan
    },
    admit: (request) => {
      const key = pairOf(request) * ADMISSIONS_PER_PAIR + admissionNumber(request)
      const known = admissions.get(key)
      if (known !== undefined) return known
      const { direction, local, pseudonymous } = request
      const decision = engine.decide(
        admissionRequest(
          slices.representatives(request.peer, request.room),
          { direction, local, pseudonymous },
          request.operation,
        ),
      )
      const admission: Admission = Object.freeze({
        kind: decision.decision === 'allow' ? 'admitted' : 'refused',
        policies: decision.policies,
      })
      admissions.set(key, admission)
      return admission
    },
  }
}

function fillPlan(
  engine: PolicyEngine,
  declared: readonly FieldDeclaration[],
  request: Omit<PlanRequest, 'room'> & {
    readonly suite: Suite
    readonly room: Parameters<typeof mostExposing>[2]['room']
  },
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
  return way * 4 + (request.local ? 2 : 0) + (request.pseudonymous ? 1 : 0)
}

const PLANS_PER_PAIR = operations.length * 2 * audiences.length * purposes.length
const ADMISSIONS_PER_PAIR = operations.length * 2 * 4
const ENTRIES_MAX = 65_536
