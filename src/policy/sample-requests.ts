import { operations } from '../model/exchange.ts'
import { audiences, purposes } from '../model/metadata.ts'
import { senderTiers } from '../model/sender-tier.ts'
import type { CedarRequest } from './engine.ts'
import { mentionedIds } from './identify.ts'
import type { LoadedPolicies } from './load.ts'
import { createPicker } from './picker.ts'
import { gatewayActions } from './schema.ts'
import { peerClasses, policySuites, regions, roomProfiles } from './vocabulary.ts'

/**
 * Requests spread over the whole schema and over the peers, groups, rooms and tenants that policies
 * mention. The same seed gives the same requests.
 */
export function sampleRequests(
  loaded: LoadedPolicies,
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly CedarRequest[] {
  const pick = createPicker(seed)
  const peers = [UNNAMED, ...mentionedIds(loaded, 'Peer')]
  const groups = [...mentionedIds(loaded, 'PeerGroup')]
  const rooms = [UNNAMED, ...mentionedIds(loaded, 'Room')]
  const tenants = [UNNAMED, ...mentionedIds(loaded, 'Tenant')]
  const asked = gatewayActions()
  const requestOf = (): CedarRequest => {
    const action = pick(asked)
    return {
      principal: {
        id: pick(peers),
        class: pick(peerClasses),
        region: pick(regions),
        agreement: pick(BOTH),
        verified: pick(BOTH),
        groups: groups.filter(() => pick(BOTH)),
      },
      action: action.id,
      resource: {
        id: pick(rooms),
        suite: pick(policySuites),
        profile: pick(roomProfiles),
        region: pick(regions),
        tenant: pick(tenants),
      },
      context:
        action.context === 'Admission'
          ? { direction: pick(DIRECTIONS), local: pick(BOTH), tier: pick(senderTiers) }
          : {
              purpose: pick(purposes),
              audience: pick(audiences),
              direction: pick(DIRECTIONS),
              operation: pick(operations),
            },
    }
  }
  return Array.from({ length: count }, requestOf)
}

const BOTH = [true, false] as const
const DIRECTIONS = ['ingress', 'egress'] as const
const UNNAMED = '~'
