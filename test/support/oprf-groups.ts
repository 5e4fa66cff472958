import type { OprfGroup } from '../../src/privacypass/voprf/group.ts'
import { p384Group } from '../../src/privacypass/voprf/p384.ts'
import { loadRistretto255 } from '../../src/privacypass/voprf/ristretto255.ts'

export const ristretto255Group = await loadRistretto255()

/** Both groups, by the type of their tokens. */
export const oprfGroups = { voprfP384: p384Group, voprfRistretto255: ristretto255Group } as const

/** Randomness from which `randomScalar` makes this scalar. */
export function scalarRandomness(scalar: Buffer): (bytes: number) => Buffer {
  return (bytes) => Buffer.concat([scalar, Buffer.alloc(bytes - scalar.length)])
}

/** For `describe.each`. */
export const namedGroups = Object.values(oprfGroups).map((group: OprfGroup) => ({
  name: group.identifier,
  group,
}))
