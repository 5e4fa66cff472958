import type { Cast } from './cast.ts'
import type { Scenario } from './scenario.ts'
import { assetScenarios } from './scenarios-assets.ts'
import { consentScenarios } from './scenarios-consent.ts'
import { contactScenarios } from './scenarios-contacts.ts'
import { groupInfoScenarios } from './scenarios-group-info.ts'
import { handshakeScenarios } from './scenarios-handshakes.ts'
import { messageScenarios } from './scenarios-messages.ts'
import { reportScenarios } from './scenarios-reports.ts'
import type { World } from './world.ts'

/** Every operation in every direction, with a canary in every field; the room changes last. */
export function allScenarios(world: World, cast: Cast): readonly Scenario[] {
  return [
    ...contactScenarios(cast),
    ...consentScenarios(cast),
    ...reportScenarios(cast),
    ...assetScenarios(cast),
    ...groupInfoScenarios(cast),
    ...messageScenarios(world, cast),
    ...handshakeScenarios(cast),
  ]
}
