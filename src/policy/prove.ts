import { compareForms, forms } from '../model/metadata.ts'
import { compiledEngine } from './compiled-engine.ts'
import type { PolicyEngine } from './engine.ts'
import type { Invariant, When } from './invariants.ts'
import { ladders, type Ladder } from './ladders.ts'
import type { LoadedPolicies } from './load.ts'
import { admissionAction } from './schema.ts'
import { situations, type Distinctions, type Situation } from './situations.ts'

/** Whether an invariant holds; a proof, not a sample. */
export interface Proof {
  readonly invariant: Invariant
  /** In none, it says nothing: that is a failure too. */
  readonly situations: number
  readonly counterexample: Counterexample | undefined
}

interface Counterexample {
  /** The field, or `admit:` and the operation. */
  readonly ladder: string
  readonly situation: Situation
  /** `absent`, or a form, or `admitted`. */
  readonly form: string
  /** The policies that permit it; where nothing is permitted, those that forbid the most exposing form. */
  readonly policies: readonly string[]
}

/**
 * Holds each invariant against every situation that the policies or it can tell apart. Throws
 * `policy-invalid` where there are too many.
 */
export function prove(loaded: LoadedPolicies, invariants: readonly Invariant[]): readonly Proof[] {
  const engine = compiledEngine(loaded)
  return invariants.map((invariant) => proofOf(invariant, loaded, engine))
}

export function holds({ situations: count, counterexample }: Proof): boolean {
  return count > 0 && counterexample === undefined
}

/** One line for people. */
export function proofText(proof: Proof): string {
  const { invariant, situations: count, counterexample } = proof
  const { id, says } = invariant
  if (counterexample === undefined)
    return `${count > 0 ? 'holds' : 'fails'}  ${id}: ${says} (${count > 0 ? count : 'no'} situations)`
  const { ladder, form, situation, policies } = counterexample
  const by = policies.length === 0 ? 'no policy' : policies.join(', ')
  return `fails  ${id}: ${says} But ${ladder} is ${form} by ${by}: ${JSON.stringify(situation)}`
}

function proofOf(invariant: Invariant, loaded: LoadedPolicies, engine: PolicyEngine): Proof {
  const about = new Set(laddersOf(invariant))
  const also = distinctionsOf(invariant.when)
  let count = 0
  for (const ladder of ladders().filter(({ name }) => about.has(name)))
    for (const situation of situations(ladder, [loaded], also)) {
      if (!applies(invariant.when, situation)) continue
      count += 1
      const { form, policies } = reached(engine, ladder, situation)
      if (!allows(invariant, form))
        return {
          invariant,
          situations: count,
          counterexample: { ladder: ladder.name, situation, form, policies },
        }
    }
  return { invariant, situations: count, counterexample: undefined }
}

function reached(engine: PolicyEngine, { rungs }: Ladder, situation: Situation) {
  for (const { form, action } of rungs) {
    const { decision, policies } = engine.decide({ ...situation, action })
    if (decision === 'allow') return { form, policies }
  }
  const [top] = rungs
  const policies = top ? engine.decide({ ...situation, action: top.action }).policies : []
  return { form: 'absent', policies }
}

/** What an invariant tells apart, whether policies do or not. */
function distinctionsOf(when: When): Distinctions {
  const attributes = new Set(
    Object.keys(when).map((name) => (name === 'roomRegion' ? 'region' : name)),
  )
  const { peer = [], group = [], room = [], tenant = [] } = when
  return { attributes, ids: { Peer: peer, PeerGroup: group, Room: room, Tenant: tenant } }
}

function applies(when: When, { principal, resource, context }: Situation): boolean {
  const facts: Readonly<Record<string, unknown>> = {
    ...context,
    peer: principal.id,
    class: principal.class,
    region: principal.region,
    agreement: principal.agreement,
    verified: principal.verified,
    room: resource.id,
    suite: resource.suite,
    profile: resource.profile,
    roomRegion: resource.region,
    tenant: resource.tenant,
  }
  return Object.entries(when).every(([name, wanted]) => {
    if (wanted === undefined) return true
    if (name === 'group')
      return principal.groups.some((group) => when.group?.includes(group) === true)
    return [wanted].flat().some((value) => value === facts[name])
  })
}

/** The ladders that it is about, by name. */
function laddersOf({ fields = [], admits = [] }: Invariant): readonly string[] {
  return [...fields, ...admits.map(admissionAction)]
}

/** Whether a form (`absent` for none, `admitted`) is one that it allows. */
function allows({ atMost, atLeast, is }: Invariant, form: string): boolean {
  if (is !== undefined) return (form === 'admitted') === (is === 'always')
  const shown = forms.find((known) => known === form) ?? 'absent'
  return (
    (atMost === undefined || compareForms(shown, atMost) <= 0) &&
    (atLeast === undefined || compareForms(shown, atLeast) >= 0)
  )
}
