import { GatewayError } from '../model/errors.ts'
import { authenticatedContentBytes } from '../wire/mls/framing.ts'
import { proposalRef } from '../wire/mls/key-package-ref.ts'
import { applyAppDataUpdates, readDictionary } from './app-data-changes.ts'
import { authenticate } from './authenticate.ts'
import type { Group, PendingProposal } from './group.ts'
import { checkProposal, checkSupport } from './proposal-rules.ts'
import { readRoomComponents } from './room-components.ts'
import { refusal } from './refusal.ts'

/**
 * Verifies proposals that wait for a commit; the same proposal twice counts once.
 * Throws `invalid-proposal`, `wrong-message-kind`, `wrong-epoch`, `invalid-signature`, and
 * `queue-full` above 1,024 that wait.
 */
export function stageProposals(
  group: Group,
  messages: readonly Buffer[],
): { readonly next: Group; readonly proposals: readonly PendingProposal[] } {
  const pending = new Map(group.pending)
  const proposals = messages.map((message) => {
    const proposal = readProposal(group, message)
    pending.set(proposal.reference.toString('hex'), proposal)
    return proposal
  })
  if (pending.size > PENDING_COUNT_MAX)
    throw new GatewayError('queue-full', { facts: { limit: PENDING_COUNT_MAX } })
  checkComponentsTogether(group, [...pending.values()])
  return { next: { ...group, pending }, proposals }
}

/** Each commit has to carry all that waits: changes of components that exclude each other would end them all. */
function checkComponentsTogether(group: Group, pending: readonly PendingProposal[]): void {
  const updates = pending.flatMap(({ proposal }) =>
    proposal.kind === 'app-data-update' ? [proposal] : [],
  )
  if (updates.length > 1) applyAppDataUpdates(group.context.extensions, updates)
}

function readProposal(group: Group, message: Buffer): PendingProposal {
  const publicMessage = authenticate(group, message, 'invalid-proposal')
  const { content, sender } = publicMessage.content
  if (content.kind !== 'proposal') throw refusal('wrong-message-kind', 'content-type')
  const { proposal } = content
  const authenticated = authenticatedContentBytes({ wireFormat: 1, ...publicMessage })
  const reference = proposalRef(group.suite, authenticated)
  const pending = { reference, proposal, sender, message }
  try {
    checkProposal(group, pending)
    checkSupport(group, [pending])
    // What could never be committed would stop every commit that has to carry it.
    if (proposal.kind === 'app-data-update') {
      const after = applyAppDataUpdates(group.context.extensions, [proposal])
      readRoomComponents(readDictionary(after, 'invalid-proposal'), 'invalid-proposal')
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    // The reference is how the protocol's answer names the proposal.
    const facts = { ...error.facts, proposalRef: reference.toString('hex') }
    throw new GatewayError(error.code, { facts, cause: error })
  }
  return pending
}

const PENDING_COUNT_MAX = 1_024
