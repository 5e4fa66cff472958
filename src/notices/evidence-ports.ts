import type { ProviderDomain } from '../model/ids.ts'
import type { ForwardEvidence } from '../reports/forward-evidence.ts'
import type { ReadForwardedEvidence } from '../reports/read-forwarded.ts'
import type { RawKey } from '../reports/sealing.ts'

/** What our own relay log says of a message. */
export interface LoggedMessage {
  /** Empty where it came to us from its hub, which does not say who sent it. */
  readonly sender: string
  readonly timestampMs: number
}

/** Evidence between providers. INVARIANT: what opens it runs in a process of its own. */
export interface EvidencePorts {
  /** The report key that a provider publishes; undefined where it publishes none. */
  readonly keyOf: (peer: ProviderDomain) => RawKey | undefined
  readonly forward: ForwardEvidence
  readonly read: ReadForwardedEvidence
  /** With a `sender` only a message of that sender. */
  readonly ownLog: (room: string, frankingTag: Buffer, sender?: string) => LoggedMessage | undefined
}
