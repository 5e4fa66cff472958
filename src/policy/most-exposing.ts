import { fields } from '../metadata/fields.ts'
import type { Permission } from '../metadata/plan.ts'
import type { FieldName } from '../model/metadata.ts'
import { disclosureRequest, type PolicyEngine } from './engine.ts'
import type { DisclosureContext, PeerFacts, RoomFacts } from './vocabulary.ts'

/**
 * The most exposing form of a field that the policies permit: asks from the most exposing form
 * downwards and stops at the first one allowed.
 */
export function mostExposing(
  engine: PolicyEngine,
  field: FieldName,
  scene: {
    readonly peer: PeerFacts
    readonly room: RoomFacts
    readonly context: DisclosureContext
  },
): Permission {
  const withheldBy = new Set<string>()
  for (const form of fields[field].forms.toReversed()) {
    if (form === 'absent') continue
    const decision = engine.decide(disclosureRequest(scene, scene.context, { field, form }))
    if (decision.decision === 'allow')
      return { form, policies: decision.policies, withheldBy: [...withheldBy].toSorted() }
    for (const policy of decision.policies) withheldBy.add(policy)
  }
  return { form: 'absent', policies: [], withheldBy: [...withheldBy].toSorted() }
}
