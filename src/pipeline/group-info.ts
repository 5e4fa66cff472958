import { transformAnswer } from '../metadata/transforms.ts'
import { GatewayError } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import type { GroupInfoExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { admit } from './admit.ts'
import { countAnswer, countTaken } from './count.ts'
import { ask } from './deliver.ts'
import { disclose } from './disclose.ts'
import { observedOf } from './observed.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage } from './passage.ts'
import { record } from './record.ts'

/**
 * A client asks for the GroupInfo of a room of ours, to join. The delivery service grants it, we
 * seal it to the client and sign it. A room that is not there is refused under the suite between the
 * two providers. draft-ietf-mimi-protocol-06 §5.6
 */
export async function groupInfo(
  parts: PipelineParts,
  exchange: GroupInfoExchange,
  context: RequestContext,
): Promise<ListenerResponse> {
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  const plan = disclose(passage, 'hub', observedOf(exchange, passage.suite))
  const response = disclose(passage, 'follower')
  if (!parts.bytes.isSignedByRequester(exchange)) throw new GatewayError('invalid-signature')
  const isFollowed = parts.rooms.find(exchange.room) !== undefined
  const { status, bytes } = isBanned(parts, exchange)
    ? NOT_AUTHORISED
    : isFollowed
      ? await ask(parts, passage, { actor: exchange.requester })
      : NO_SUCH_ROOM
  const granted = status === 200
  record(parts, passage, {
    kind: granted ? 'exchange.accepted' : 'exchange.refused',
    outcome: granted ? 'success' : 'refused',
    policies,
    values: { 'room.id': { form: 'exact', value: exchange.room } },
  })
  countTaken(parts, passage, { audience: 'hub', plan })
  countAnswer(parts, passage, { audience: 'follower', plan: response, observed: {} })
  if (granted) {
    const requester = originDomain(exchange)
    if (requester !== undefined) parts.roomGrants.grant(requester, exchange.room)
    const grant = { request: exchange.bytes, room: exchange.room, plaintext: bytes }
    return { status: 200, bytes: parts.bytes.sealGroupInfo(grant) }
  }
  const answer = parts.adapter.parseAnswer(exchange, { status, bytes })
  return parts.adapter.serialise(exchange, transformAnswer(answer, response, parts))
}

/** Whom we have banned does not come back by itself. */
function isBanned({ sanctions }: PipelineParts, { room, requester }: GroupInfoExchange): boolean {
  return requester !== undefined && sanctions.isBanned(room, requester)
}

/** As a delivery service says it. Whether the requester may know is for the plan. */
const NOT_AUTHORISED = { status: 403, bytes: Buffer.alloc(0) }
const NO_SUCH_ROOM = { status: 404, bytes: Buffer.alloc(0) }
