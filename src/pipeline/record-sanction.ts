import type { StoredSanction } from '../sanctions/stored.ts'
import type { PipelineParts } from './parts.ts'

/**
 * One event for a sanction and how far it has come, as the archive may see it: what it is and in which
 * room, never whom it is about.
 */
export function recordSanction(
  parts: PipelineParts,
  { sanction, state }: Pick<StoredSanction, 'sanction' | 'state'>,
): void {
  const { room, kind, id } = sanction
  const name = parts.rooms.find(room)?.suite
  const suite = name === undefined ? undefined : parts.suites.suiteByName(name)
  if (suite === undefined) return
  const plan = parts.policies.current().plan({
    peer: parts.home.peer,
    room: parts.home.room(room, suite),
    operation: 'update',
    direction: 'ingress',
    audience: 'archive',
    purpose: 'compliance',
  })
  const granted = plan.kind === 'granted' ? plan : undefined
  const cell = granted?.request['message.time'] ?? granted?.response['message.time']
  parts.journal.record({
    schema: 1,
    kind: 'sanction.applied',
    atMs: parts.transforms.showEventTime(parts.clock(), cell, granted !== undefined),
    requestId: id,
    operation: kind,
    direction: 'ingress',
    peer: parts.transforms.showPeer(parts.peers.self, granted?.request['provider.domain']),
    suite: suite.name,
    outcome: state,
    policies: [],
    fields: granted?.request['room.id']?.shown === 'exact' ? { 'room.id': room } : {},
  })
}
