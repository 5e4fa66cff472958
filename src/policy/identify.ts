import { createHash } from 'node:crypto'
import type { NamedEntities } from './engine.ts'
import type { LoadedPolicies } from './load.ts'

/** SHA-256 of ids and texts in hexadecimal: the same for the same policies, however laid out. */
export function policyRevision({ policies }: LoadedPolicies): string {
  const texts = Object.fromEntries(policies.map((policy) => [policy.id, policy.text]))
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex')
}

/** Every Peer and Room that a policy mentions; no attribute and no context value has these types. */
export function namedEntities(loaded: LoadedPolicies): NamedEntities {
  return { peers: mentionedIds(loaded, 'Peer'), rooms: mentionedIds(loaded, 'Room') }
}

/** The ids of all entities of a type that policies mention. */
export function mentionedIds(loaded: LoadedPolicies, type: string): ReadonlySet<string> {
  const ids = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('type' in value && value.type === type && 'id' in value && typeof value.id === 'string')
      ids.add(value.id)
    for (const child of Object.values(value)) visit(child)
  }
  for (const policy of loaded.policies) visit(policy.json)
  return ids
}
