import { purposeOf, type PlanCell } from '../metadata/plan.ts'
import { compareForms, type Audience, type FieldName, type Form } from '../model/metadata.ts'
import { parseMimiUri, parseProviderDomain } from '../model/ids.ts'
import type { Part } from './canary.ts'
import type { View } from './scenario.ts'
import type { World } from './world.ts'

/** The clearest form in which a field may be shown. */
export type Most = (field: FieldName) => Form

/** What the plan lets an audience see of one part of an exchange; nothing where it is refused. */
export function planned(
  world: World,
  view: View,
  { audience, part }: { readonly audience: Audience; readonly part: Part },
): Most {
  const cells = cellsOf(world, view, audience)
  return (field) => {
    const cell = cells?.find((one) => one.field === field && one.part === part)
    if (cell === undefined) return 'absent'
    return cell.enforcement === 'edited' ? cell.shown : cell.most
  }
}

/** Nobody may see anything. */
export const nothingAtAll: Most = () => 'absent'

/** What any of them lets pass. */
export function anyOf(many: readonly Most[]): Most {
  return (field) =>
    many.reduce<Form>((most, one) => {
      const form = one(field)
      return compareForms(form, most) > 0 ? form : most
    }, 'absent')
}

/** The cells of a plan; undefined where it is refused. */
function cellsOf(
  { parts, suite }: World,
  { operation, direction, other, room }: View,
  audience: Audience,
): readonly PlanCell[] | undefined {
  const known = parts.suites.suiteByName(suite)
  const profile = other === undefined ? undefined : parts.peers.find(parseProviderDomain(other))
  if (known === undefined) return undefined
  const plan = parts.policies.current().plan({
    peer: profile === undefined ? parts.home.peer : profile.facts,
    room: parts.home.room(room === undefined ? undefined : parseMimiUri(room, 'room'), known),
    operation,
    direction,
    audience,
    purpose: purposeOf(operation, audience),
  })
  return plan.kind === 'granted' ? plan.cells : undefined
}
