import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { NoticeOpenings } from '../reports/cases/notice-openings.ts'
import type { Actor } from '../reports/cases/team.ts'
import { shownMessage, type ShownMessage } from '../reports/evidence.ts'
import { openForwarded } from '../reports/read-forwarded.ts'
import type { OpeningKeys } from '../reports/report-desk.ts'
import { rawKey, type RawKey } from '../reports/sealing.ts'
import type { NoticeDesk } from './notice-desk.ts'

/** What came with a notice, for the person who looks at it. */
export interface ShownForwarded {
  readonly notice: string
  readonly from: string
  readonly subject: string
  readonly room: string
  /** Messages that found no place in the notice. */
  readonly leftOut: number
  readonly messages: readonly ShownMessage[]
}

export interface ShowingParts {
  readonly self: ProviderDomain
  readonly desk: Pick<NoticeDesk, 'findReceived' | 'evidenceOf'>
  readonly openings: Pick<NoticeOpenings, 'admit'>
  readonly keys: OpeningKeys
  /** Told whenever somebody opens the evidence of a notice. */
  readonly onOpened: (notice: string) => void
}

/**
 * Opens the evidence of a notice of a peer's; that it was opened is logged before anything is shown.
 * Throws `not-found`, `moderator-unknown`, `moderation-denied`, `key-unavailable` with the fault.
 */
export async function showEvidence(
  { self, desk, openings, keys, onOpened }: ShowingParts,
  actor: Actor,
  id: string,
): Promise<ShownForwarded> {
  const found = desk.findReceived(id)
  const sealed = found && desk.evidenceOf(found)
  if (found === undefined || sealed === undefined) throw new GatewayError('not-found')
  const { peer, message } = found
  const { category, subject_pseudonym: subject } = message
  await openings.admit(actor, { provider: peer, notice: id, category, subject })
  onOpened(id)
  const notice = { noticeId: id, from: peer, to: self }
  const opened = openForwarded({ sealed, notice }, (keyId) => rawKeyOf(keys, keyId))
  if (typeof opened === 'string')
    throw new GatewayError('key-unavailable', { facts: { reason: opened } })
  const { room, leftOut, messages } = opened
  return {
    notice: id,
    from: peer,
    subject,
    room,
    leftOut,
    messages: messages.map(shownMessage),
  }
}

function rawKeyOf(keys: OpeningKeys, id: string): RawKey | undefined {
  const key = keys(id)
  return key && { id, bytes: rawKey(key) }
}
