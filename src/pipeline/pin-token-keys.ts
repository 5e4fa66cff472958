import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import { missingTokenKeys, proposedTokenKeys } from '../rooms/token-keys.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { PipelineParts } from './parts.ts'
import { proposeAsHub } from './propose-as-hub.ts'

/**
 * Proposes to a room's members to pin the keys of an issuer of which a certificate was just asked,
 * unless the room has them, such a proposal waits, or the room did not take one in this epoch.
 */
export function pinTokenKeys(parts: PipelineParts, uri: MimiUri, issuer: ProviderDomain): void {
  const { rooms, sanctionTurns, statedTokenKeys } = parts
  const what = `token-keys ${uri}`
  sanctionTurns.start(uri, async () => {
    const room = rooms.find(uri)
    if (room === undefined || sanctionTurns.isRefused(what, room.epoch)) return
    const isWaiting = rooms.pending(uri).some(({ proposal }) => proposedTokenKeys(proposal))
    const update = isWaiting ? undefined : missingTokenKeys(room, issuer, statedTokenKeys)
    if (update === undefined) return
    const operation = { kind: 'update', update } as const
    const componentId = componentIds.tokenKeys
    const proposed = await proposeAsHub(parts, room, [
      { kind: 'app-data-update', componentId, operation },
    ])
    if (proposed.kind === 'refused' && proposed.final) sanctionTurns.refused(what, room.epoch)
  })
}
