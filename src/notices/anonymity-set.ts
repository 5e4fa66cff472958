import { anonymityMin } from './coarse.ts'
import { domainOf } from './domain-of.ts'

/** Among how many people a reporter hides. */
export interface AnonymitySet {
  readonly room: string
  readonly provider: string
  /** Participants of the provider, the reporter among them. */
  readonly people: number
  /** Whether a report names its reporter to whoever knows its provider. */
  readonly small: boolean
}

/** How many participants of the reporter's provider are in the room: to be shown before consent. */
export function anonymitySet(
  room: string,
  provider: string,
  participants: readonly { readonly user: string }[],
): AnonymitySet {
  const people = participants.filter(({ user }) => domainOf(user) === provider).length
  return { room, provider, people, small: people < anonymityMin }
}
