import type { GrantedPlan } from '../metadata/plan.ts'
import { roomTimeWidthMs } from '../metadata/suite.ts'
import { transformAnswer } from '../metadata/transforms.ts'
import type { RawResponse } from '../model/adapter.ts'
import { GatewayError } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import type { UpdateExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../model/ids.ts'
import type { Author, StagedUpdate } from '../rooms/staged-update.ts'
import { admit } from './admit.ts'
import { carriedByAnswer } from './carried.ts'
import { countAnswer, countTaken } from './count.ts'
import { deliver } from './deliver.ts'
import { disclose, showsTooMuch } from './disclose.ts'
import { observedOf } from './observed.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage, type Passage } from './passage.ts'
import { requirePin } from './pinned-room.ts'
import { record } from './record.ts'
import { requireNoDescription } from './room-description.ts'
import { requireNoBanned } from './sanctioned.ts'
import { requireStatedTokenKeys } from './stated-token-keys.ts'
import { forInsiders, requireRoom } from './unknown-room.ts'

/**
 * A commit or proposals for a room of ours: verified and staged, ordered by the delivery service,
 * then made the room's state. draft-ietf-mimi-protocol-06 §5.3
 */
export async function update(
  parts: PipelineParts,
  exchange: UpdateExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  requireRoom(parts, passage)
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  if (wasAccepted(parts, exchange)) return repeat(parts, passage)
  const staged = forInsiders(parts, passage, () => {
    const next = parts.rooms.stage(exchange.room, exchange.handshake)
    requireOwnAuthors(parts, exchange, next)
    requireNoBanned(parts, next)
    return next
  })
  requireSuite(passage, staged)
  requirePin(parts, staged)
  requireStatedTokenKeys(parts, staged)
  const plan = disclose(passage, 'hub', observedOf(exchange, passage.suite))
  requireNoDescription(parts, passage, { plan, audience: 'hub' })
  const response = disclose(passage, 'follower')

  const { answer, original } = await settle(parts, passage, staged)
  recordChanges(parts, passage, { staged, outcome: answer.outcome.kind, policies })
  return answered(parts, passage, { plan, response, answer, original })
}

/**
 * An update that was accepted and whose answer got lost: its sender asks again, and the delivery
 * service repeats its answer. It changes nothing here.
 */
async function repeat(
  parts: PipelineParts,
  passage: Passage<UpdateExchange>,
): Promise<ListenerResponse> {
  const plan = disclose(passage, 'hub', observedOf(passage.exchange, passage.suite))
  const response = disclose(passage, 'follower')
  const { answer, original } = await deliver(parts, passage)
  if (answer.operation !== 'update') throw new GatewayError('upstream-invalid')
  record(parts, passage, {
    kind: 'exchange.accepted',
    outcome: 'repeated',
    policies: [],
  })
  return answered(parts, passage, { plan, response, answer, original })
}

interface Answered {
  readonly plan: GrantedPlan
  readonly response: GrantedPlan
  readonly answer: UpdateAnswer
  readonly original: RawResponse
}

function answered(
  parts: PipelineParts,
  passage: Passage<UpdateExchange>,
  { plan, response, answer, original }: Answered,
): RawResponse {
  const shown = transformAnswer(shownTime(parts, passage, answer), response, parts)
  countTaken(parts, passage, { audience: 'hub', plan })
  const observed = carriedByAnswer(shown)
  countAnswer(parts, passage, { audience: 'follower', plan: response, observed })
  return parts.adapter.serialise(passage.exchange, shown, original)
}

function wasAccepted(parts: PipelineParts, { room, handshake }: UpdateExchange): boolean {
  const [first] = handshake.kind === 'commit' ? [handshake.commit] : handshake.proposals
  return first !== undefined && parts.pendingUpdates.wasAccepted(room, first.bytes)
}

/**
 * Delivers, and makes the room's state what was accepted. INVARIANT: from before the delivery until
 * the outcome is durable an update is pending, so that its fan-out can settle it after a crash.
 */
async function settle(
  parts: PipelineParts,
  passage: Passage<UpdateExchange>,
  staged: StagedUpdate,
): Promise<{ answer: UpdateAnswer; original: RawResponse }> {
  const { room, handshake, bytes } = passage.exchange
  const [first] = handshake.kind === 'commit' ? [handshake.commit] : handshake.proposals
  if (first === undefined) throw new GatewayError('malformed-body')
  return parts.pendingUpdates.during({ room, message: first.bytes, body: bytes }, async () => {
    const { answer, original } = await deliver(parts, passage)
    if (answer.operation !== 'update') throw new GatewayError('upstream-invalid')
    const accepted = answer.outcome.kind === 'success'
    if (accepted) await accept(parts, room, staged)
    return { answer, original, accepted }
  })
}

/**
 * A commit, or a first proposal, that goes out was accepted. Where we do not know that yet, because
 * we stopped before the answer came, it becomes the room's state now.
 */
export async function catchUp(parts: PipelineParts, room: MimiUri, message: Buffer): Promise<void> {
  const bytes = await parts.pendingUpdates.find(room, message)
  if (bytes === undefined) return
  const origin = { kind: 'local' } as const
  const request = {
    operation: 'update',
    direction: 'ingress',
    origin,
    target: room,
    bytes,
  } as const
  const exchange = parts.adapter.parse(request)
  if (exchange.operation === 'update' && isNext(parts, exchange))
    await accept(parts, room, parts.rooms.stage(room, exchange.handshake))
  await parts.pendingUpdates.end(room, message)
}

async function accept(parts: PipelineParts, room: MimiUri, staged: StagedUpdate): Promise<void> {
  await parts.rooms.accept(staged)
  if (staged.kind === 'commit') parts.sanctionTurns.committed(room, staged.references)
}

function isNext(parts: PipelineParts, { room, handshake }: UpdateExchange): boolean {
  const [first] = handshake.kind === 'commit' ? [handshake.commit] : handshake.proposals
  return first !== undefined && first.epoch === parts.rooms.find(room)?.epoch
}

type UpdateAnswer = Extract<Parameters<typeof transformAnswer>[0], { operation: 'update' }>

function shownTime(
  parts: PipelineParts,
  { exchange, suite }: Passage<UpdateExchange>,
  answer: UpdateAnswer,
): UpdateAnswer {
  if (answer.outcome.kind !== 'success') return answer
  const { acceptedTimestampMs } = answer.outcome
  const shownMs = parts.timeBuckets.show(exchange.room, acceptedTimestampMs, roomTimeWidthMs(suite))
  if (shownMs === acceptedTimestampMs) return answer
  return { ...answer, outcome: { ...answer.outcome, acceptedTimestampMs: shownMs } }
}

/** A provider hands in what its own users made; our own delivery service also what we proposed. */
function requireOwnAuthors(
  parts: PipelineParts,
  exchange: UpdateExchange,
  staged: StagedUpdate,
): void {
  const from = originDomain(exchange) ?? parts.peers.self
  const authors = staged.kind === 'commit' ? [staged.author] : staged.authors
  for (const author of authors)
    if (!isOwn(author, from, exchange.origin.kind)) throw new GatewayError('actor-mismatch')
}

function isOwn(author: Author, from: string, origin: 'peer' | 'local'): boolean {
  if (author.user === undefined) return origin === 'local' && author.kind === 'external'
  return uriDomain(parseMimiUri(author.user, 'user')) === from
}

/** Every leaf that enters or changes has the kind of credential that the room's suite wants. */
function requireSuite(passage: Passage, staged: StagedUpdate): void {
  const { suite } = passage
  if (staged.kind !== 'commit' || suite.pseudonymousCredentials === 'optional') return
  const wanted = suite.pseudonymousCredentials === 'required'
  const { addedMembers, updatedMembers } = staged.changes
  const shown = wanted ? 'exact' : 'pseudonym-room'
  for (const member of [...addedMembers, ...updatedMembers])
    if (member.pseudonymous !== wanted)
      throw showsTooMuch(passage, 'hub', { field: 'participants.changes', shown })
}

interface Changed {
  readonly staged: StagedUpdate
  readonly outcome: string
  readonly policies: readonly string[]
}

function recordChanges(
  parts: PipelineParts,
  passage: Passage<UpdateExchange>,
  { staged, outcome, policies }: Changed,
): void {
  const accepted = outcome === 'success'
  record(parts, passage, {
    kind: accepted ? 'exchange.accepted' : 'exchange.refused',
    outcome,
    policies,
    values: { 'room.id': { form: 'exact', value: passage.exchange.room } },
  })
  if (!accepted || staged.kind !== 'commit') return
  const form = passage.suite.pseudonymousCredentials === 'required' ? 'pseudonym-room' : 'exact'
  const { addedParticipants, removedParticipants, changedRoles } = staged.changes
  const events = [
    ['member.added', addedParticipants],
    ['member.removed', removedParticipants],
    ['role.changed', changedRoles],
  ] as const
  for (const [kind, participants] of events)
    for (const { user } of participants)
      record(parts, passage, {
        kind,
        outcome,
        policies,
        values: {
          'room.id': { form: 'exact', value: passage.exchange.room },
          'participants.changes': { form, value: user },
        },
      })
}
