import { transformAnswer } from '../metadata/transforms.ts'
import { GatewayError } from '../model/errors.ts'
import type { UpdateExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { parseMimiUri, uriDomain } from '../model/ids.ts'
import type { Author, StagedUpdate } from '../rooms/staged-update.ts'
import { admit } from './admit.ts'
import { deliver } from './deliver.ts'
import { disclose } from './disclose.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage, type Passage } from './passage.ts'
import { record } from './record.ts'

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
  const pseudonymous = passage.suite.pseudonymousCredentials === 'required'
  const policies = admit(parts, passage, pseudonymous)
  const staged = parts.rooms.stage(exchange.room, exchange.handshake)
  requireOwnAuthors(parts, exchange, staged)
  requireSuite(passage, staged)
  disclose(passage, 'hub', { 'participants.changes': pseudonymous ? 'pseudonym-room' : 'exact' })
  const response = disclose(passage, 'follower')

  const { answer, original } = await deliver(parts, passage)
  if (answer.operation !== 'update') throw new GatewayError('upstream-invalid')
  if (answer.outcome.kind === 'success') await parts.rooms.accept(staged)
  recordChanges(parts, passage, { staged, outcome: answer.outcome.kind, policies })
  return parts.adapter.serialise(
    exchange,
    transformAnswer(shownTime(parts, passage, answer), response, parts.randomness),
    original,
  )
}

type UpdateAnswer = Extract<Parameters<typeof transformAnswer>[0], { operation: 'update' }>

function shownTime(
  parts: PipelineParts,
  { exchange, suite }: Passage<UpdateExchange>,
  answer: UpdateAnswer,
): UpdateAnswer {
  if (answer.outcome.kind !== 'success') return answer
  const { acceptedTimestampMs } = answer.outcome
  const shownMs = parts.timeBuckets.show(exchange.room, acceptedTimestampMs, suite.timeBucketMs)
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
function requireSuite({ suite }: Passage, staged: StagedUpdate): void {
  if (staged.kind !== 'commit' || suite.pseudonymousCredentials === 'optional') return
  const wanted = suite.pseudonymousCredentials === 'required'
  const { addedMembers, updatedMembers } = staged.changes
  for (const member of [...addedMembers, ...updatedMembers])
    if (member.pseudonymous !== wanted)
      throw new GatewayError('disclosure-refused', { facts: { field: 'participants.changes' } })
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
