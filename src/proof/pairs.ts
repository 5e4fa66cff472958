import type { Cast } from './cast.ts'
import type { Pair } from './interference.ts'
import { attestedPairs } from './pairs-attested.ts'
import { consentPairs } from './pairs-consent.ts'
import { contactPairs } from './pairs-contacts.ts'
import { handshakePairs } from './pairs-handshakes.ts'
import { messagePairs } from './pairs-messages.ts'
import { networkPairs } from './pairs-networks.ts'
import { reportPairs } from './pairs-reports.ts'
import { roomPairs, statusPairs } from './pairs-rooms.ts'
import { assetScenarios } from './scenarios-assets.ts'
import { consentScenarios } from './scenarios-consent.ts'
import { contactScenarios } from './scenarios-contacts.ts'
import { groupInfoScenarios } from './scenarios-group-info.ts'
import { reportScenarios } from './scenarios-reports.ts'
import type { World } from './world.ts'

/** Every withheld field, in every operation and direction that has it; the room changes last. */
export function allPairs(world: World, cast: Cast): readonly Pair[] {
  return [
    ...contactPairs(cast),
    ...consentPairs(cast),
    ...roomPairs(cast),
    ...statusPairs(cast),
    ...reportPairs(cast),
    ...networkPairs(cast, [
      ...contactScenarios(cast),
      ...consentScenarios(cast),
      ...reportScenarios(cast),
      ...assetScenarios(cast),
      ...groupInfoScenarios(cast),
    ]),
    ...messagePairs(world, cast),
    ...attestedPairs(cast),
    ...handshakePairs(cast),
  ]
}
