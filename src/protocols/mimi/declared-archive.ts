import type { FieldName, Form } from '../../model/metadata.ts'
import type { DeclaredField, DeclaredRow } from './declared-fields.ts'

/** The journal is written by the gateway itself, so every field can be as little as its forms allow. */
function kept(field: FieldName, wireFloor: Form): DeclaredField {
  return [field, wireFloor, 'exact', 'edited', 'The gateway writes its own journal.']
}

const peer = kept('provider.domain', 'exact')
const room = kept('room.id', 'exact')
const time = kept('message.time', 'bucket')
const inRoom = [peer, room, kept('group.epoch', 'exact'), kept('message.kind', 'exact'), time]
const size = kept('message.size', 'bucket')

/** What the operator's own journal can be given. */
export const archiveRows: readonly DeclaredRow[] = [
  row('update', [
    ...inRoom,
    size,
    kept('participants.changes', 'absent'),
    kept('participants.list', 'absent'),
  ]),
  row('submitMessage', [
    ...inRoom,
    size,
    kept('sender.user', 'absent'),
    kept('message.id', 'absent'),
  ]),
  row('notify', [...inRoom, size]),
  row('groupInfo', [peer, room, kept('sender.user', 'absent')]),
  row('keyMaterial', [peer, room, kept('consent.edge', 'absent')]),
  row('requestConsent', [peer, kept('consent.edge', 'absent')]),
  row('updateConsent', [peer, kept('consent.edge', 'absent')]),
  row('identifierQuery', [peer]),
  row('reportAbuse', [
    peer,
    room,
    kept('report.reporter', 'absent'),
    kept('report.subject', 'pseudonym-epoch'),
  ]),
]

function row(operation: DeclaredRow['operation'], fields: readonly DeclaredField[]): DeclaredRow {
  return { operation, part: 'request', audience: 'archive', fields }
}
