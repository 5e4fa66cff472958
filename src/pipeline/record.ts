import { hash } from 'node:crypto'
import { attestedValues, type Attested } from '../metadata/attested.ts'
import type { Shown, ShownValues } from '../metadata/journal-view.ts'
import type { GrantedPlan, Plan, PlanCell } from '../metadata/plan.ts'
import { scopeOf } from '../metadata/pseudonyms.ts'
import { isHidden, maskStatus } from '../metadata/transforms.ts'
import type { RawResponse } from '../model/adapter.ts'
import type { Answer } from '../model/answer.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { EventKind } from '../model/events.ts'
import type { Exchange } from '../model/exchange.ts'
import type { RequestContext } from '../model/handle.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { Form } from '../model/metadata.ts'
import type { PipelineParts } from './parts.ts'
import { factsOf, openPassage, type Passage } from './passage.ts'
import { keptCode } from './unknown-room.ts'

export interface Happened {
  readonly kind: EventKind
  readonly outcome: string
  readonly policies: readonly string[]
  readonly values?: ShownValues
}

/**
 * Stage 7: one event for the decision, as the plan shows it to the archive; where that plan is
 * refused, no value at all.
 */
export function record(parts: PipelineParts, passage: Passage, happened: Happened): void {
  const { exchange, context, suite, peer } = passage
  const { transforms: use, clock } = parts
  const plan = archivePlan(passage)
  const granted = plan.kind === 'granted' ? plan : undefined
  parts.journal.record({
    schema: 1,
    kind: happened.kind,
    atMs: use.showEventTime(clock(), timeCellOf(granted), granted !== undefined),
    requestId: context.requestId,
    operation: exchange.operation,
    direction: exchange.direction,
    peer: use.showPeer(peer.id, granted?.request['provider.domain']),
    suite: suite.name,
    outcome: happened.outcome,
    policies: happened.policies,
    fields: keptFields(parts, {
      passage,
      granted,
      values: { ...attestedValues(passage.attested), ...happened.values },
    }),
  })
}

/** How an exchange with this answer ended, as far as the archive may see who and what exists. */
export function shownOutcome(parts: PipelineParts, passage: Passage, answer: Answer): string {
  return hidesExistence(archivePlan(passage))
    ? parts.transforms.showOutcome(answer.outcome.kind, maskStatus(answer).outcome.kind)
    : answer.outcome.kind
}

/** The status of another provider's answer, as far as the archive may see who and what exists. */
export function shownStatus(parts: PipelineParts, passage: Passage, response: RawResponse): number {
  const { exchange } = passage
  if (!STATUS_ONLY.has(exchange.operation) || !hidesExistence(archivePlan(passage)))
    return response.status
  const masked = maskStatus(parts.adapter.parseAnswer(exchange, response))
  const { status } = parts.adapter.serialise(exchange, masked)
  return Number(parts.transforms.showOutcome(String(response.status), String(status)))
}

/** What became of one fan-out to one follower. */
export interface FanoutEnded {
  readonly delivered: boolean
  readonly peer: ProviderDomain
  readonly room: MimiUri
  /** The suite of the room. */
  readonly suite: string | undefined
  readonly outcome: string
}

/** When a follower says that its delivery service took a notification. */
export interface DeliveryAttested extends Omit<FanoutEnded, 'delivered' | 'outcome'> {
  readonly attested: Attested
}

/** One event for the time of a delivery, as the archive may see it; nothing where it may not. */
export function recordDelivery(parts: FanoutParts, delivery: DeliveryAttested): void {
  const { peer, room, suite, attested } = delivery
  const granted = fanoutPlan(parts, delivery)
  const { transforms: use } = parts
  const values = use.showInJournal(attestedValues(attested), granted, () => '')
  if (values['delivery.time'] === undefined) return
  parts.journal.record({
    schema: 1,
    kind: 'delivery.attested',
    atMs: use.showEventTime(parts.clock(), granted?.request['message.time'], granted !== undefined),
    requestId: '',
    operation: 'notify',
    direction: 'egress',
    peer: use.showPeer(peer, granted?.request['provider.domain']),
    suite: suite ?? '',
    outcome: 'delivered',
    policies: [],
    fields: {
      'delivery.time': values['delivery.time'].value,
      ...(granted?.request['room.id']?.shown === 'exact' && { 'room.id': room }),
    },
  })
}

function fanoutPlan(
  parts: FanoutParts,
  { peer, room, suite: name }: Pick<FanoutEnded, 'peer' | 'room' | 'suite'>,
): GrantedPlan | undefined {
  const suite = name === undefined ? undefined : parts.suites.suiteByName(name)
  const profile = parts.peers.find(peer)
  if (suite === undefined || profile === undefined) return undefined
  const plan = archivePlan({
    exchange: { operation: 'notify', direction: 'egress' },
    decisions: parts.policies.current(),
    peer: factsOf(parts, profile),
    room: parts.home.room(room, suite),
  })
  return plan.kind === 'granted' ? plan : undefined
}

/** One event for a fan-out that ended, long after the request that it came from. */
export function recordFanout(parts: FanoutParts, ended: FanoutEnded): void {
  const { delivered, peer, suite: name, outcome } = ended
  const granted = fanoutPlan(parts, ended)
  parts.journal.record({
    schema: 1,
    kind: delivered ? 'fanout.delivered' : 'fanout.failed',
    atMs: parts.transforms.showEventTime(
      parts.clock(),
      granted?.request['message.time'],
      granted !== undefined,
    ),
    requestId: '',
    operation: 'notify',
    direction: 'egress',
    peer: parts.transforms.showPeer(peer, granted?.request['provider.domain']),
    suite: name ?? '',
    outcome,
    policies: [],
    fields: {},
  })
}

/** What there is of the parts before there is an outbox. */
type FanoutParts = Pick<
  PipelineParts,
  'suites' | 'peers' | 'agreements' | 'policies' | 'home' | 'journal' | 'transforms' | 'clock'
>

export interface Refused {
  readonly exchange: Exchange
  readonly context: RequestContext
  /** The other provider; undefined for our own users. */
  readonly other: ProviderDomain | undefined
  readonly kind: EventKind
  readonly error: unknown
}

/**
 * One event for what was refused: who asked, when and why, as the terms with them show it to the
 * archive. Returns the code that may be kept.
 */
export function recordRefusal(parts: PipelineParts, refused: Refused): ErrorCode {
  const { exchange, context, other, kind, error } = refused
  const { transforms: use, clock } = parts
  const passage = passageOf(parts, refused)
  const plan = passage === undefined ? undefined : archivePlan(passage)
  const granted = plan?.kind === 'granted' ? plan : undefined
  const code = keptCode(parts, error, hidesExistence(plan))
  parts.journal.record({
    schema: 1,
    kind,
    atMs: use.showEventTime(clock(), timeCellOf(granted), granted !== undefined),
    requestId: context.requestId,
    operation: exchange.operation,
    direction: exchange.direction,
    peer: use.showPeer(other ?? parts.peers.self, granted?.request['provider.domain']),
    suite: '',
    outcome: code,
    policies: [],
    fields: {},
  })
  return code
}

/** The time of a message, in the request or in its answer. */
function timeCellOf(granted: GrantedPlan | undefined): PlanCell | undefined {
  return granted?.request['message.time'] ?? granted?.response['message.time']
}

function passageOf(
  parts: PipelineParts,
  { exchange, context, other }: Refused,
): Passage | undefined {
  try {
    return openPassage(parts, { exchange, context }, other)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

interface Recorded extends Pick<Passage, 'decisions' | 'peer' | 'room'> {
  readonly exchange: Pick<Exchange, 'operation' | 'direction'>
}

function archivePlan({ exchange, decisions, peer, room }: Recorded): Plan {
  return decisions.plan({
    peer,
    room,
    operation: exchange.operation,
    direction: exchange.direction,
    audience: 'archive',
    purpose: 'compliance',
  })
}

function hidesExistence(plan: Plan | undefined): boolean {
  return plan?.kind !== 'granted' || isHidden(plan.response['user.existence'])
}

interface Kept {
  readonly passage: Passage
  readonly granted: GrantedPlan | undefined
  readonly values: ShownValues
}

function keptFields(
  parts: PipelineParts,
  { passage, granted, values }: Kept,
): Readonly<Record<string, Shown['value']>> {
  const rename = (value: string, form: Form) => inJournal(parts, passage, { value, form })
  const shown = parts.transforms.showInJournal(values, granted, rename)
  return Object.fromEntries(
    Object.entries(shown).map(([field, { value }]) => [field, value] as const),
  )
}

/** A name under a pseudonym that the journal shares with nothing else. */
function inJournal(
  parts: PipelineParts,
  { exchange, peer }: Passage,
  { value, form }: { readonly value: string; readonly form: Form },
): string {
  const room = 'room' in exchange ? exchange.room : undefined
  const { epoch } = (room === undefined ? undefined : parts.rooms.find(room)) ?? {}
  const digest = hash('sha256', exchange.bytes, 'base64url')
  const scope = scopeOf(form, { room, epoch, digest })
  if (scope === undefined) return ''
  const domain = { tenant: parts.peers.self, peer: peer.id, purpose: 'journal', scope } as const
  return `~${parts.pseudonyms.of(value, domain)}`
}

/** Operations whose whole answer is a status. */
const STATUS_ONLY: ReadonlySet<string> = new Set(['requestConsent', 'updateConsent'])
