import { hash } from 'node:crypto'
import { showEventTime } from '../metadata/journal-view.ts'
import { purposeOf, type GrantedPlan, type PlanCell } from '../metadata/plan.ts'
import type { Direction, Operation } from '../model/exchange.ts'
import type { Audience, FieldName, Form, Purpose } from '../model/metadata.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import {
  policySuite,
  type PeerClass,
  type PeerFacts,
  type PolicySuite,
} from '../policy/vocabulary.ts'
import type { Admission, Decision, Disclosure } from './decision.ts'

/** Who writes: the same in every record of a process. */
export interface Labels {
  readonly app: 'postern'
  /** Of this process: numbers count anew in the next one. */
  readonly id: string
  readonly version: string
  /** Our own domain. */
  readonly provider: string
  /** One in how many allows is logged. */
  readonly sample_allows: string
}

/**
 * A decision in the field names of OPA's decision log. INVARIANT: every word in it is from a list in
 * our source, but for labels, revision, the ids of policies and the id of the request.
 */
export interface DecisionRecord {
  readonly labels: Labels
  readonly decision_id: string
  readonly bundles: { readonly postern: { readonly revision: string } }
  readonly path: 'postern/admission' | 'postern/disclosure'
  readonly input: DecisionInput
  readonly result: DecisionResult
  /** What policies may have looked at and no record holds, as JSON Pointers. */
  readonly erased: readonly string[]
  readonly timestamp: string
  /** Only where decisions before this one were lost. */
  readonly metrics?: { readonly counter_lost: number }
  /** The number of the decision. */
  readonly req_id: number
}

interface DecisionInput {
  readonly request_id: string
  readonly operation: Operation
  readonly direction: Direction
  readonly peer: {
    readonly class: PeerClass
    readonly agreement: boolean
    readonly verified: boolean
  }
  readonly room: { readonly suite: PolicySuite }
  readonly local?: boolean
  readonly tier?: SenderTier
  readonly audience?: Audience
  readonly purpose?: Purpose
}

type DecisionResult =
  | { readonly outcome: Admission['kind']; readonly policies: readonly string[] }
  | {
      readonly outcome: 'granted'
      readonly request: ShownFields
      readonly response: ShownFields
    }
  | {
      readonly outcome: 'refused'
      readonly part: PlanCell['part']
      readonly field: FieldName
      readonly reason: Exclude<Disclosure, GrantedPlan>['reason']['kind']
      /** The least form that suite and protocol ask for. */
      readonly needed?: Form
      /** The most that suite or protocol allow. */
      readonly most?: Form
      /** What the bytes show. */
      readonly shown?: Form
      readonly policies?: readonly string[]
    }

type ShownFields = Readonly<
  Record<string, { readonly form: Form; readonly policies: readonly string[] }>
>

/**
 * The record of a decision: its circumstances as classes and words, its time as the archive may see
 * it, and never who, where, with whom or how much.
 */
export function recordOf(decision: Decision, labels: Labels): DecisionRecord {
  const { verdict, decisions, number } = decision
  return {
    labels,
    decision_id: idOf(labels.id, number),
    bundles: { postern: { revision: decisions.engine.revision } },
    path: `postern/${verdict.path}`,
    input: inputOf(decision),
    result:
      verdict.path === 'admission'
        ? admissionResult(verdict.admission)
        : disclosureResult(verdict.disclosure),
    erased: ERASED,
    timestamp: new Date(shownTime(decision)).toISOString(),
    req_id: number,
  }
}

function inputOf(decision: Decision): DecisionInput {
  const { requestId, operation, direction, verdict, local, peer, room } = decision
  return {
    request_id: requestId,
    operation,
    direction,
    peer: peerInput(peer),
    room: { suite: policySuite(room.suite.name) },
    ...(verdict.path === 'admission'
      ? { local, tier: verdict.tier }
      : { audience: verdict.audience, purpose: purposeOf(operation, verdict.audience) }),
  }
}

function peerInput({ class: peerClass, agreement, verified }: PeerFacts): DecisionInput['peer'] {
  return { class: peerClass, agreement, verified }
}

function admissionResult({ kind, policies }: Admission): DecisionResult {
  return { outcome: kind, policies }
}

/** Plans are few and live long: what is said of each is said once. */
const saidOfPlans = new WeakMap<GrantedPlan, DecisionResult>()

function disclosureResult(disclosure: Disclosure): DecisionResult {
  if (disclosure.kind === 'granted') {
    const said = saidOfPlans.get(disclosure) ?? grantedResult(disclosure)
    saidOfPlans.set(disclosure, said)
    return said
  }
  const { part, field, reason } = disclosure
  const refused = { outcome: 'refused', part, field, reason: reason.kind } as const
  const needed = 'needed' in disclosure ? { needed: disclosure.needed } : {}
  switch (reason.kind) {
    case 'suite':
      return { ...refused, ...needed, most: reason.ceiling }
    case 'protocol':
      return { ...refused, ...needed, most: reason.carries }
    case 'policy':
      return { ...refused, ...needed, policies: reason.policies }
    case 'bytes':
      return { ...refused, shown: reason.shown }
    case 'unattested':
      return refused
  }
}

function grantedResult({ cells }: GrantedPlan): DecisionResult {
  const fieldsOf = (part: PlanCell['part']): ShownFields =>
    Object.fromEntries(
      cells
        .filter((cell) => cell.part === part)
        .map(({ field, shown, policies }) => [field, { form: shown, policies }]),
    )
  return { outcome: 'granted', request: fieldsOf('request'), response: fieldsOf('response') }
}

/** The log is an archive too: it must not keep a time that the journal beside it withholds. */
function shownTime({ decisions, peer, room, operation, direction, atMs }: Decision): number {
  const plan = decisions.look({
    peer,
    room,
    operation,
    direction,
    audience: 'archive',
    purpose: 'compliance',
  })
  const granted = plan.kind === 'granted' ? plan : undefined
  const cell = granted?.request['message.time'] ?? granted?.response['message.time']
  return showEventTime(atMs, cell, granted !== undefined)
}

/** The same wherever the decision is logged. A UUID of version 8, RFC 9562 §5.8: it holds no time. */
function idOf(instance: string, number: number): string {
  const digest = hash('sha256', `${instance} ${number}`, 'hex')
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 3) | 8).toString(16)
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-')
}

const ERASED = [
  '/input/peer/id',
  '/input/peer/region',
  '/input/peer/groups',
  '/input/room/id',
  '/input/room/profile',
  '/input/room/region',
  '/input/room/tenant',
] as const
