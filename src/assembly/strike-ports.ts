import type { HomeOfSenders, HubOfStrikes } from '../notices/ports.ts'

/** What strikes need of senders that nobody names, where there are none. */
export function strikePorts(): {
  readonly home: HomeOfSenders | undefined
  readonly hub: HubOfStrikes
} {
  return { home: undefined, hub: { deny: () => DONE, struck: () => DONE } }
}

const DONE = Promise.resolve()
