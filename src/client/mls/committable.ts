import { isDeepStrictEqual } from 'node:util'
import type { Proposal } from '../../wire/mls/proposal.ts'
import type { QueuedProposal } from './epoch.ts'

/**
 * The waiting proposals that a member may take up together with `byValue`: nobody commits its own
 * removal, SelfRemove or Update, no leaf goes twice, and what is removed is not updated. `RFC 9420 §12.2`
 */
export function committable(
  pending: readonly QueuedProposal[],
  byValue: readonly QueuedProposal[],
  committer: number,
): readonly QueuedProposal[] {
  const leaving = new Set([committer, ...byValue.flatMap(removedBy)])
  const removals = pending.filter((queued) => {
    const [leafIndex] = removedBy(queued)
    if (leafIndex === undefined || leaving.has(leafIndex)) return false
    leaving.add(leafIndex)
    return true
  })
  const updated = new Set<number>()
  return pending.filter((queued) => {
    if (removedBy(queued).length > 0) return removals.includes(queued)
    const { proposal, sender } = queued
    if (proposal.kind !== 'update' || sender.kind !== 'member') return true
    if (leaving.has(sender.leafIndex) || updated.has(sender.leafIndex)) return false
    updated.add(sender.leafIndex)
    return true
  })
}

/** Whether some of it only others may take up: nobody commits its own removal, SelfRemove or Update. */
export function needsOthers(pending: readonly QueuedProposal[], committer: number): boolean {
  return pending.some((queued) => {
    const { proposal, sender } = queued
    const isOurs = sender.kind === 'member' && sender.leafIndex === committer
    return removedBy(queued).includes(committer) || (isOurs && proposal.kind === 'update')
  })
}

/** Those of our own proposals that nobody has made yet: what waits already is taken up as it waits. */
export function notWaiting(
  pending: readonly QueuedProposal[],
  proposals: readonly Proposal[],
): readonly Proposal[] {
  const leaving = new Set(pending.flatMap(removedBy))
  return proposals.filter((proposal) => {
    if (proposal.kind === 'remove') return !leaving.has(proposal.removed)
    if (proposal.kind !== 'app-data-update') return true
    return !pending.some((queued) => isDeepStrictEqual(queued.proposal, proposal))
  })
}

function removedBy({ proposal, sender }: QueuedProposal): number[] {
  if (proposal.kind === 'remove') return [proposal.removed]
  return proposal.kind === 'self-remove' && sender.kind === 'member' ? [sender.leafIndex] : []
}
