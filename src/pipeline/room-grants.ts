import type { MimiUri, ProviderDomain } from '../model/ids.ts'

/** Which providers were given the GroupInfo of a room, so that they may know that it is there. */
export interface RoomGrants {
  grant(provider: ProviderDomain, room: MimiUri): void
  has(provider: ProviderDomain, room: MimiUri): boolean
}

/** Remembers the last `grantsMax` of them, while the process lives. */
export function createRoomGrants(grantsMax = GRANTS_MAX): RoomGrants {
  const granted = new Set<string>()
  return {
    grant: (provider, room) => {
      const key = `${provider} ${room}`
      granted.delete(key)
      granted.add(key)
      if (granted.size > grantsMax) granted.delete(granted.keys().next().value ?? '')
    },
    has: (provider, room) => granted.has(`${provider} ${room}`),
  }
}

const GRANTS_MAX = 10_000
