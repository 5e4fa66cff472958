import type { ProviderDomain } from '../model/ids.ts'
import { domainOf } from './domain-of.ts'

/** Who is in a room. */
export interface RoomPeople {
  readonly participants: readonly { readonly user: string }[]
  /** Those of them who moderate. */
  readonly moderators: readonly string[]
}

/**
 * The moderators who may hear of a report: users of our own, and nobody whom it could be about. A subject
 * of our own provider that is in no list, as a pseudonym of a day, could be any of them.
 */
export function reachableModerators(
  { participants, moderators }: RoomPeople,
  { self, subject }: { readonly self: ProviderDomain; readonly subject: string },
): readonly string[] {
  const isListed = participants.some(({ user }) => user === subject)
  const domain = domainOf(subject)
  if (domain === undefined || (domain === self && !isListed)) return []
  return moderators.filter((user) => user !== subject && domainOf(user) === self)
}
