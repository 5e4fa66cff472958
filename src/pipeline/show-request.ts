import { hash } from 'node:crypto'
import type { GrantedPlan } from '../metadata/plan.ts'
import { isPseudonymUri, pseudonymUri, scopeOf } from '../metadata/pseudonyms.ts'
import { requestEdits } from '../metadata/request-edits.ts'
import type { Exchange } from '../model/exchange.ts'
import { compareForms, type Form } from '../model/metadata.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../model/ids.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

/**
 * The exchange with what the gateway writes into it, so that it shows what the plan shows; the same
 * value where that changes nothing. What a client signed never changes.
 */
export function showRequest<E extends Exchange>(
  parts: PipelineParts,
  passage: Passage<E>,
  plan: GrantedPlan,
): Exchange {
  const rename = (user: string, form: Form) => reporterAs(parts, passage, { user, form })
  const { randomness, transforms } = parts
  const edits = requestEdits(plan, { rename, randomness }, transforms)
  return parts.adapter.edit(passage.exchange, edits)
}

/**
 * Who reports, under a pseudonym of ours for the other provider and this place. Whom a gateway or a
 * room with pseudonymous members has given a name already keeps it.
 */
function reporterAs(
  parts: PipelineParts,
  { exchange, suite, peer }: Passage,
  { user, form }: { readonly user: string; readonly form: Form },
): string {
  if (isPseudonymUri(user)) return user
  const room = 'room' in exchange ? exchange.room : undefined
  const isOfRoom = suite.pseudonymousCredentials === 'required' && isParticipant(parts, room, user)
  if (isOfRoom && compareForms('pseudonym-room', form) <= 0) return user
  const { epoch } = (room === undefined ? undefined : parts.rooms.find(room)) ?? {}
  const digest = hash('sha256', exchange.bytes, 'base64url')
  const scope = scopeOf(form, { room, epoch, digest })
  if (scope === undefined) return user
  const domain = { tenant: parts.peers.self, peer: peer.id, purpose: 'reporter', scope } as const
  return pseudonymUri(uriDomain(parseMimiUri(user, 'user')), parts.pseudonyms.of(user, domain))
}

function isParticipant(parts: PipelineParts, room: MimiUri | undefined, user: string): boolean {
  if (room === undefined || uriDomain(room) !== parts.peers.self) return false
  return parts.rooms.isParticipant(room, parseMimiUri(user, 'user'))
}
