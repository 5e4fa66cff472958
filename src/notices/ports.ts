import type { KeyObject } from 'node:crypto'
import type { VerificationKey } from '../metadata/requirements/document.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { Statement } from '../sqlite/store.ts'
import type { StrikeSeverity } from './messages.ts'

/** Which keys sign for whom: those of the requirements documents that were accepted. */
export interface NoticeKeys {
  /** Ours. Throws `key-unavailable` where none is in our document in force. */
  readonly signer: () => KeyObject
  /** A peer's; empty where it has no document. */
  readonly of: (peer: ProviderDomain) => readonly VerificationKey[]
  /** Looks at what the peer publishes now, unless it did so a moment ago. */
  readonly refresh: (peer: ProviderDomain) => Promise<void>
}

export interface SendAnswer {
  readonly status: number
  readonly bytes: Buffer
  readonly retryAfterMs?: number | undefined
}

/** One attempt to hand a message over. Throws as `PeerClients.post` does. */
export type SendMessage = (message: {
  readonly peer: ProviderDomain
  readonly bytes: Buffer
  readonly signal: AbortSignal
}) => Promise<SendAnswer>

/** At the sender's own provider: who submitted a message, and what follows from it. */
export interface HomeOfSenders {
  /** The account's handle for a message to this hub, where the sealed log still knows it. */
  readonly submitterOf: (frankingTag: Buffer, hub: ProviderDomain) => Buffer | undefined
  /** Lowers the account's next quota; the same strike again counts once. Durable once it resolves. */
  readonly penalise: (penalty: {
    readonly account: Buffer
    /** 32 octets. */
    readonly strike: Buffer
    readonly atMs: number
    readonly severity: StrikeSeverity
  }) => Promise<void>
  /** Takes it back. */
  readonly pardon: (strike: Buffer) => Promise<void>
}

/** A pseudonym in its room and on its day. */
export interface DeniedPlace {
  readonly room: MimiUri
  readonly pseudonym: MimiUri
  /** Where the day begins, in seconds. */
  readonly epochStart: number
}

/** A strike that counts against a provider, or with -1 one that does no longer. */
export interface CountedStrike {
  readonly provider: ProviderDomain
  /** When it was decided: to take it back is to take it from that day. */
  readonly atMs: number
  readonly change: 1 | -1
}

/** At the hub: whom it refuses, and what it holds against providers. */
export interface HubOfStrikes {
  /** Refuses the pseudonym until its epoch ends; durable once it resolves. */
  readonly deny: (place: DeniedPlace) => Promise<void>
  /** Serves it again; durable once it resolves. */
  readonly allow: (place: DeniedPlace) => Promise<void>
  /** Counts it, with what has to be written in the same step. Durable once it resolves. */
  readonly struck: (strike: CountedStrike, also: readonly Statement[]) => Promise<void>
}

/** Time and chance, as parameters. */
export interface NoticeTime {
  readonly clock: Clock
  readonly randomness: Randomness
}
