import { attestedHeader } from '../metadata/attested.ts'
import type { NotifyExchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { countAnswer } from './count.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { openPassage } from './passage.ts'

/**
 * Tells the hub when our delivery service took its notification, where the suite of the room asks for
 * it and our policies permit it: in the bucket of the suite, on our word.
 */
export async function attestDelivery(
  parts: PipelineParts,
  { exchange, context }: { readonly exchange: NotifyExchange; readonly context: RequestContext },
  notify: () => Promise<ListenerResponse>,
): Promise<ListenerResponse> {
  const response = await notify()
  if (response.status !== CREATED) return response
  const passage = openPassage(parts, { exchange, context }, originDomain(exchange))
  const { decisions, peer, room } = passage
  const plan = decisions.plan({
    peer,
    room,
    operation: 'notify',
    direction: 'ingress',
    audience: 'hub',
    purpose: 'delivery',
  })
  if (plan.kind === 'refused') return response
  const deliveredAt = BigInt(parts.clock())
  const compliance = attestedHeader(parts.transforms.showAttested({ deliveredAt }, plan.response))
  if (compliance === undefined) return response
  countAnswer(parts, passage, { audience: 'hub', plan, observed: {} })
  return { ...response, headers: { ...response.headers, compliance } }
}

const CREATED = 201
