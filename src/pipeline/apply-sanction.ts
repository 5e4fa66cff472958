import { GatewayError } from '../model/errors.ts'
import { uriDomain } from '../model/ids.ts'
import {
  inverse,
  newSanctionId,
  nextState,
  type Ban,
  type Notify,
  type Sanction,
  type SanctionPort,
  type SanctionState,
  type Strike,
} from '../model/sanctions.ts'
import { bannedRole } from '../rooms/room-policy.ts'
import { isOver, takesBack, type StoredSanction } from '../sanctions/stored.ts'
import { advanceSanctions } from './advance-sanctions.ts'
import type { PipelineParts } from './parts.ts'
import { recordSanction } from './record-sanction.ts'

/** The port through which decisions become what happens in rooms of ours. */
export function createSanctionPort(parts: PipelineParts): SanctionPort {
  const apply: SanctionPort['apply'] = (sanction) =>
    parts.sanctionTurns.run(sanction.room, () => applySanction(parts, sanction))
  return {
    apply,
    undo: async (id) => {
      const found = parts.sanctions.find(id)
      if (found === undefined) throw new GatewayError('not-found')
      if (found.state === 'undone' || found.state === 'failed')
        throw new GatewayError('malformed-request', { facts: { reason: found.state } })
      const nowMs = parts.clock()
      const next = { id: newSanctionId(nowMs, parts.randomness), issuedAtMs: nowMs }
      return apply(inverse(found.sanction, next))
    },
  }
}

async function applySanction(parts: PipelineParts, sanction: Sanction): Promise<StoredSanction> {
  const known = parts.sanctions.find(sanction.id)
  if (known !== undefined) return known
  const isOurs = uriDomain(sanction.room) === parts.peers.self
  if (!isOurs || parts.rooms.find(sanction.room) === undefined)
    throw new GatewayError('room-unknown')
  const stored = await enforced(parts, sanction)
  await takeBack(parts, stored)
  recordSanction(parts, stored)
  if (sanction.kind === 'retract') await dropCopies(parts, stored)
  await advanceSanctions(parts, sanction.room)
  return parts.sanctions.find(sanction.id) ?? stored
}

/** From here on the hub does its part, also after a restart. */
async function enforced(parts: PipelineParts, sanction: Sanction): Promise<StoredSanction> {
  const { sanctions } = parts
  switch (sanction.kind) {
    case 'strike':
    case 'retract-strike':
    case 'notify':
      return sent(parts, await sanctions.insert(sanction, 'pending'), sanction)
    case 'ban':
    case 'unban':
      return sanctions.insert(sanction, ENFORCED, { priorRole: priorRole(parts, sanction) })
    case 'limit':
    case 'unlimit':
    case 'label':
    case 'unlabel':
    case 'retract':
    case 'restore': {
      const state = nextState('pending', 'enforced') ?? ENFORCED
      const stored = await sanctions.insert(sanction, state)
      if (!isOver(stored, parts.clock())) return stored
      return sanctions.step(stored, 'expired', { note: 'expired' })
    }
  }
}

async function sent(
  parts: PipelineParts,
  stored: StoredSanction,
  sanction: Strike | Notify,
): Promise<StoredSanction> {
  const outcome = await parts.sendNotice(sanction)
  if (outcome === 'sent') return parts.sanctions.step(stored, 'enforced')
  // The hub does its part, and that can be taken back.
  const step = outcome === 'denied-here' ? 'enforced' : 'failed'
  return parts.sanctions.step(stored, step, { note: outcome })
}

/** The role that a ban takes away, which its inverse gives back. */
function priorRole({ rooms, sanctions }: PipelineParts, { room, participant }: Ban) {
  const now = rooms.roleOf(room, participant)
  if (now !== undefined && now !== bannedRole) return now
  const before = sanctions.liveIn(room).filter(({ sanction }) => {
    const isBan = sanction.kind === 'ban' || sanction.kind === 'unban'
    return isBan && sanction.participant === participant
  })
  return before.findLast(({ priorRole: role }) => role !== undefined)?.priorRole
}

/** What was in force before and is taken back by it is undone. */
async function takeBack(
  { sanctions }: PipelineParts,
  { sanction: next, sequence }: StoredSanction,
): Promise<void> {
  for (const before of sanctions.liveIn(next.room))
    if (before.sequence < sequence && takesBack(next, before.sanction))
      await sanctions.step(before, 'undone', { note: undefined })
}

/** Copies that no follower has yet. */
async function dropCopies(parts: PipelineParts, stored: StoredSanction): Promise<void> {
  const { sanction } = stored
  if (sanction.kind !== 'retract' || sanction.message.frankingTag === undefined) return
  const tag = Buffer.from(sanction.message.frankingTag, 'hex')
  const dropped = await parts.outbox.withdraw(sanction.room, tag)
  if (dropped > 0) await parts.sanctions.count(sanction.id, { dropped })
}

/** What an earlier process may have left half done, before anything is sent: durable once it resolves. */
export async function settleSanctions(parts: PipelineParts): Promise<void> {
  for (const stored of parts.sanctions.allLive()) {
    await takeBack(parts, stored)
    await dropCopies(parts, stored)
  }
}

const ENFORCED: SanctionState = 'enforced-at-hub'
