import { GatewayError } from '../model/errors.ts'
import { uriDomain } from '../model/ids.ts'
import {
  inverse,
  isEnforced,
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
import { isOver, outlastsItself, takesBack, type StoredSanction } from '../sanctions/stored.ts'
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
      return apply(begunUndo(parts, found.sanction) ?? inverse(found.sanction, next))
    },
  }
}

/** What was to take it back already, and has not got as far as that. */
function begunUndo({ sanctions }: PipelineParts, { room, id }: Sanction): Sanction | undefined {
  const live = sanctions.liveIn(room)
  return live.find(({ sanction, state }) => sanction.undoes === id && state === 'pending')?.sanction
}

async function applySanction(parts: PipelineParts, sanction: Sanction): Promise<StoredSanction> {
  const known = parts.sanctions.find(sanction.id)
  if (known !== undefined && known.state !== 'pending') return known
  const stored = known ?? (await accepted(parts, sanction))
  if (stored.state === 'pending') await sendPending(parts, stored)
  else {
    await takeBack(parts, stored)
    recordSanction(parts, stored)
    await dropCopies(parts, stored)
  }
  await advanceSanctions(parts, sanction.room)
  return parts.sanctions.find(sanction.id) ?? stored
}

/** From here on the hub does its part, also after a restart; what is sent waits for that. */
async function accepted(parts: PipelineParts, sanction: Sanction): Promise<StoredSanction> {
  const { sanctions } = parts
  const isOurs = uriDomain(sanction.room) === parts.peers.self
  if (!isOurs || parts.rooms.find(sanction.room) === undefined)
    throw new GatewayError('room-unknown')
  switch (sanction.kind) {
    case 'strike':
    case 'retract-strike':
    case 'notify':
      return sanctions.insert(sanction, 'pending')
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

/**
 * Sends what waits for it; to do so again sends nothing twice. INVARIANT: it is pending until everything
 * that follows from it is written down, so that whatever ends in between is taken up again.
 */
async function sendPending(parts: PipelineParts, stored: StoredSanction): Promise<void> {
  const { sanction } = stored
  if (!isSent(sanction)) return
  const outcome = await sendOrFail(parts, sanction)
  // `denied-here`: the hub does its part, and that can be taken back.
  const isDone = outcome === 'sent' || outcome === 'denied-here'
  if (isDone) await takeBack(parts, stored)
  const notes = outcome === 'sent' ? undefined : { note: outcome }
  const step = isDone ? 'enforced' : 'failed'
  recordSanction(parts, await parts.sanctions.step(stored, step, notes))
}

/** What is refused once is refused each time: it is not tried again. */
async function sendOrFail(parts: PipelineParts, sanction: Strike | Notify): Promise<string> {
  try {
    return await parts.sendNotice(sanction)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'malformed-request')
      await parts.sanctions.step({ sanction }, 'failed', { note: error.code })
    throw error
  }
}

function isSent(sanction: Sanction): sanction is Strike | Notify {
  const { kind } = sanction
  return kind === 'strike' || kind === 'retract-strike' || kind === 'notify'
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
    if (before.sequence < sequence && endsWith(next, before))
      await sanctions.step(before, 'undone', { note: undefined })
  // What has ended is not among these.
  const named = next.undoes === undefined ? undefined : sanctions.find(next.undoes)
  if (named !== undefined && isEnforced(named.state) && takesBack(next, named.sanction))
    await sanctions.step(named, 'undone', { note: undefined })
}

/** A notice takes no other back, as both were said; one that was not said yet need not be. */
function endsWith(next: Sanction, { sanction, state }: StoredSanction): boolean {
  return takesBack(next, sanction) || (state === 'pending' && next.undoes === sanction.id)
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
    // It takes something back only once it was sent itself.
    if (stored.state === 'pending') continue
    await takeBack(parts, stored)
    await dropCopies(parts, stored)
  }
}

/** Sends in each room what could not be sent before, or whose sending was cut short. */
export function resumeSanctions(parts: PipelineParts): void {
  const { sanctions, sanctionTurns } = parts
  for (const { sanction, state } of sanctions.allLive())
    if (state === 'pending')
      sanctionTurns.start(sanction.room, async () => {
        const now = sanctions.find(sanction.id)
        if (now?.state === 'pending' && begunUndo(parts, sanction) === undefined)
          await sendPending(parts, now)
      })
}

/** Takes back, in each room, what is over and would stay with clients. */
export function endForClients(parts: PipelineParts): void {
  const { sanctions, sanctionTurns, rooms, clock, randomness } = parts
  for (const stored of sanctions.allLive()) {
    const { id, room } = stored.sanction
    if (!isOver(stored, clock()) || !outlastsItself(stored)) continue
    sanctionTurns.start(room, async () => {
      const now = sanctions.find(id)
      if (now === undefined || !isEnforced(now.state)) return
      const nowMs = clock()
      const next = { id: newSanctionId(nowMs, randomness), issuedAtMs: nowMs }
      if (rooms.find(room) === undefined) await sanctions.step(now, 'expired', { note: 'expired' })
      else await applySanction(parts, inverse(now.sanction, next))
    })
  }
}

const ENFORCED: SanctionState = 'enforced-at-hub'
