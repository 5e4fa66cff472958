import { setImmediate } from 'node:timers/promises'
import { withArchive } from '../metadata/archive.ts'
import type { GrantedPlan, Plan, PlanCell } from '../metadata/plan.ts'
import type { FieldDeclaration } from '../model/adapter.ts'
import { GatewayError } from '../model/errors.ts'
import { operations, type Operation } from '../model/exchange.ts'
import { compareForms, type Audience, type Form } from '../model/metadata.ts'
import type { PolicyEngine } from './engine.ts'
import { planOf, type Recorded, type RecordedPlan } from './plan-table.ts'
import { admissionAction } from './schema.ts'
import type { PeerClass } from './vocabulary.ts'

/** What other policies would have made of the requests that a plan table has seen. */
export interface Replay {
  /** Plans that were given and admissions that were asked for. */
  readonly requests: number
  /** Of them, those that would be refused, and were not. */
  readonly refused: number
  /** The other way round. */
  readonly served: number
  /** Those that would show more of some field, or less. */
  readonly more: number
  readonly less: number
  /** What changes, most requests first. */
  readonly changes: readonly ReplayChange[]
}

export interface ReplayChange {
  readonly operation: Operation
  readonly peerClass: PeerClass
  /** Undefined for an admission. */
  readonly audience: Audience | undefined
  /** A field with its forms before and after, or that the request as a whole is refused or served. */
  readonly field: string
  readonly before: string
  readonly after: string
  readonly requests: number
  /** The policies of the other set that decide. */
  readonly policies: readonly string[]
}

/** Replays what is recorded against other policies, in slices of a few milliseconds. */
export async function replay(
  recorded: Recorded,
  engine: PolicyEngine,
  declarations: readonly FieldDeclaration[],
): Promise<Replay> {
  const declared = withArchive(declarations)
  const tally = new Tally()
  const { plans, admissions } = recorded
  for (const [index, held] of plans.entries()) {
    if (index % PLANS_IN_A_SLICE === PLANS_IN_A_SLICE - 1) await setImmediate()
    tally.plan(held, planOf(engine, declared, held.request))
  }
  for (const [index, { request, admission, requests }] of admissions.entries()) {
    if (index % ADMISSIONS_IN_A_SLICE === ADMISSIONS_IN_A_SLICE - 1) await setImmediate()
    const { decision, policies } = engine.decide(request)
    const after = decision === 'allow' ? 'admitted' : 'refused'
    tally.admission({ before: admission.kind, after, requests }, () => ({
      operation: operationOf(request.action),
      peerClass: request.principal.class,
      audience: undefined,
      field: request.action,
      policies,
    }))
  }
  return tally.result()
}

type About = Omit<ReplayChange, 'before' | 'after' | 'requests'>
type Change = Pick<ReplayChange, 'before' | 'after' | 'requests'>

class Tally {
  private requests = 0
  private refused = 0
  private served = 0
  private more = 0
  private less = 0
  private readonly changes = new Map<string, ReplayChange>()

  plan({ request, plan: before, requests }: RecordedPlan, after: Plan): void {
    this.requests += requests
    const { operation, audience } = request
    const about = { operation, audience, peerClass: request.peer.class }
    if (before.kind !== after.kind) {
      const policies = after.kind === 'granted' ? after.policies : refusingPolicies(after)
      this.whole({ before: before.kind, after: after.kind, requests }, () => ({
        ...about,
        field: 'plan',
        policies,
      }))
      return
    }
    if (before.kind !== 'granted' || after.kind !== 'granted') return
    const differing = cellsThatDiffer(before, after)
    if (differing.some(({ rises }) => rises)) this.more += requests
    if (differing.some(({ rises }) => !rises)) this.less += requests
    for (const { field, before: old, after: next, policies } of differing)
      this.add({ ...about, field, policies }, { before: old, after: next, requests })
  }

  admission(change: Change, about: () => About): void {
    this.requests += change.requests
    if (change.before !== change.after) this.whole(change, about)
  }

  result(): Replay {
    const { requests, refused, served, more, less } = this
    const changes = [...this.changes.values()].toSorted((a, b) => b.requests - a.requests)
    return { requests, refused, served, more, less, changes }
  }

  private whole(change: Change, about: () => About): void {
    if (change.after === 'refused') this.refused += change.requests
    else this.served += change.requests
    this.add(about(), change)
  }

  private add(about: About, change: Change): void {
    const { operation, peerClass, audience, field } = about
    const key = [operation, peerClass, audience, field, change.before, change.after].join(' ')
    const requests = (this.changes.get(key)?.requests ?? 0) + change.requests
    this.changes.set(key, { ...about, ...change, requests })
  }
}

function cellsThatDiffer(before: GrantedPlan, after: GrantedPlan) {
  return before.cells.flatMap((cell) => {
    const { part, field } = cell
    const other = after.cells.find((each) => each.field === field && each.part === part)
    if (other === undefined) return []
    const [old, next] = [exposedBy(cell), exposedBy(other)]
    const rise = compareForms(next, old)
    const { policies } = other
    return rise === 0 ? [] : [{ field, before: old, after: next, policies, rises: rise > 0 }]
  })
}

/** What a client signed may show as much as the plan lets it. */
function exposedBy({ enforcement, most, shown }: PlanCell): Form {
  return enforcement === 'checked' ? most : shown
}

function refusingPolicies(plan: Plan): readonly string[] {
  return plan.kind === 'refused' && plan.reason.kind === 'policy' ? plan.reason.policies : []
}

function operationOf(action: string): Operation {
  const operation = operations.find((name) => admissionAction(name) === action)
  if (operation === undefined) throw new GatewayError('internal')
  return operation
}

const PLANS_IN_A_SLICE = 32
const ADMISSIONS_IN_A_SLICE = 1_024
