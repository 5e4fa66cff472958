import type { RoomState } from '../rooms/room-state.ts'
import type { StagedUpdate } from '../rooms/staged-update.ts'
import { checkTokenKeys, proposedTokenKeys } from '../rooms/token-keys.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { PipelineParts } from './parts.ts'

/**
 * Token keys that a handshake would pin are those that their issuers have signed. What waits was looked
 * at when it came: it may be committed though its issuer has moved on since. Throws `invalid-proposal`.
 */
export function requireStatedTokenKeys(
  { statedTokenKeys }: Pick<PipelineParts, 'statedTokenKeys'>,
  staged: StagedUpdate,
): void {
  const before = staged.before.state.components.get(componentIds.tokenKeys)
  const { providers } = staged.after.state
  for (const update of newTokenKeys(staged, before))
    checkTokenKeys({ before, providers, update }, statedTokenKeys, 'invalid-proposal')
}

/** The same of a room that begins. Throws `invalid-group-info`. */
export function requireStatedTokenKeysIn(
  { statedTokenKeys }: Pick<PipelineParts, 'statedTokenKeys'>,
  { components, providers }: RoomState,
): void {
  const update = components.get(componentIds.tokenKeys)
  if (update === undefined) return
  checkTokenKeys({ before: undefined, providers, update }, statedTokenKeys, 'invalid-group-info')
}

function newTokenKeys(staged: StagedUpdate, before: Buffer | undefined): readonly Buffer[] {
  if (staged.kind === 'proposals')
    return staged.proposals.flatMap(({ proposal }) => proposedTokenKeys(proposal) ?? [])
  const after = staged.after.state.components.get(componentIds.tokenKeys)
  if (after === undefined || before?.equals(after) === true) return []
  const waiting = [...staged.before.group.pending.values()]
  const isKnown = waiting.some(
    ({ proposal }) => proposedTokenKeys(proposal)?.equals(after) === true,
  )
  return isKnown ? [] : [after]
}
