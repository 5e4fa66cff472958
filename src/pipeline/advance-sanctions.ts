import type { MimiUri } from '../model/ids.ts'
import type { SanctionStep } from '../model/sanctions.ts'
import type { RoomState } from '../rooms/room-state.ts'
import { needsOfBan, needsOfUnban, type Need } from '../sanctions/group-needs.ts'
import { isOver, type StoredSanction } from '../sanctions/stored.ts'
import type { PipelineParts } from './parts.ts'
import { proposeAsHub, type Proposed } from './propose-as-hub.ts'
import { recordSanction } from './record-sanction.ts'
import { isForClients, noticesFor } from './sanction-notices.ts'

/**
 * Brings what is decided about a room nearer to the group's state: looks at what each sanction needs,
 * and proposes what is not proposed. Doing it again does nothing more.
 */
export async function advanceSanctions(parts: PipelineParts, room: MimiUri): Promise<void> {
  for (const stored of parts.sanctions.liveIn(room)) {
    const state = parts.rooms.find(room)
    if (state === undefined) return
    await advance(parts, state, stored)
  }
}

/** A commit was accepted: what it took up is in the group's state, what it left out is proposed again. */
export function sanctionsAfterCommit(
  parts: PipelineParts,
  room: MimiUri,
  references: readonly Buffer[],
): void {
  if (parts.sanctions.liveIn(room).length === 0) return
  const taken = new Set(references.map((one) => one.toString('hex')))
  parts.sanctionTurns.start(room, async () => {
    for (const stored of parts.sanctions.liveIn(room)) {
      const { proposals, state } = stored
      const isTaken = proposals.length > 0 && proposals.every((one) => taken.has(one))
      if (isTaken && state === 'waiting-for-commit' && isForClients(stored.sanction))
        await move(parts, stored, { step: 'committed' })
    }
    await advanceSanctions(parts, room)
  })
}

async function advance(
  parts: PipelineParts,
  room: RoomState,
  stored: StoredSanction,
): Promise<void> {
  const { sanction, state } = stored
  if (state === 'pending') return
  if (sanction.kind === 'ban' || sanction.kind === 'unban') {
    const waiting = { state: room, pending: parts.rooms.pending(room.room) }
    const { participant } = sanction
    const need =
      sanction.kind === 'ban'
        ? needsOfBan(waiting, participant)
        : needsOfUnban(waiting, { participant, roleIndex: stored.priorRole })
    await meet(parts, { room, stored }, need)
    return
  }
  if (isForClients(sanction)) await ask(parts, { room, stored })
}

interface Subject {
  readonly room: RoomState
  readonly stored: StoredSanction
}

async function meet(parts: PipelineParts, { room, stored }: Subject, need: Need): Promise<void> {
  switch (need.kind) {
    case 'reached':
      await move(parts, stored, { step: 'committed' })
      return
    case 'absent':
      await move(parts, stored, { step: 'lapsed', note: 'not-a-participant' })
      return
    case 'blocked':
      await move(parts, stored, { step: 'lapsed', note: 'proposal-in-the-way' })
      return
    case 'waits':
      await move(parts, await lapse(parts, stored), { step: 'proposed' })
      return
    case 'propose':
      await propose(parts, { room, stored: await lapse(parts, stored, 'waiting-for-commit') }, [
        need.proposals,
      ])
  }
}

/** Advice to clients is given once: again only where its proposals ended without a commit. */
async function ask(parts: PipelineParts, { room, stored }: Subject): Promise<void> {
  if (stored.state === 'in-group-state' || isOver(stored, parts.clock())) return
  const waiting = new Set(
    parts.rooms.pending(room.room).map(({ reference }) => reference.toString('hex')),
  )
  if (stored.proposals.length > 0 && stored.proposals.every((one) => waiting.has(one))) return
  const ways = noticesFor(parts, room, stored.sanction)
  if (ways === undefined) {
    await move(parts, stored, { step: undefined, note: 'message-id-unknown' })
    return
  }
  await propose(parts, { room, stored: await lapse(parts, stored) }, ways)
}

type Proposals = Parameters<typeof proposeAsHub>[2]

/** The first of these ways that the room's policy allows. */
async function propose(
  parts: PipelineParts,
  { room, stored }: Subject,
  ways: readonly Proposals[],
): Promise<void> {
  if (parts.sanctionTurns.isRefused(stored.sanction.id, room.epoch)) return
  let outcome: Proposed = { kind: 'refused', note: 'room-policy', final: true }
  for (const proposals of ways) {
    outcome = await proposeAsHub(parts, room, proposals)
    if (outcome.kind === 'waits') break
  }
  if (outcome.kind === 'waits') {
    await move(parts, stored, { step: 'proposed', proposals: outcome.references })
    return
  }
  if (outcome.final) parts.sanctionTurns.refused(stored.sanction.id, room.epoch)
  await move(parts, stored, { step: undefined, note: outcome.note })
}

/** What was on its way, or there, and is no more. */
async function lapse(
  parts: PipelineParts,
  stored: StoredSanction,
  from?: 'waiting-for-commit',
): Promise<StoredSanction> {
  const isGone = stored.state === 'in-group-state' || stored.state === from
  return isGone ? parts.sanctions.step(stored, 'lapsed') : stored
}

interface Move {
  readonly step: SanctionStep | undefined
  readonly note?: string | undefined
  readonly proposals?: readonly string[]
}

async function move(
  parts: PipelineParts,
  stored: StoredSanction,
  { step, note, proposals }: Move,
): Promise<void> {
  const isNews = note !== stored.note || proposals !== undefined
  const notes = isNews ? { note, ...(proposals !== undefined && { proposals }) } : undefined
  const after = await parts.sanctions.step(stored, step, notes)
  if (after.state !== stored.state) recordSanction(parts, after)
}
