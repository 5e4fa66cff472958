import { WireError } from '../../wire/errors.ts'
import type { ArcChallenge } from './arc-messages.ts'
import type { ArcRefusal, ArcScheme } from './arc-scheme.ts'

/** A verified presentation that asks to be spent. */
export interface ArcSpend {
  /** When the epoch begins, in seconds since the Unix epoch. */
  readonly epoch: number
  /** 32 octets. */
  readonly keyId: Uint8Array
  /** 32 octets. */
  readonly spendKey: Uint8Array
  /** The first 8 octets of the hash of what it is spent on. */
  readonly requestHash: Uint8Array
}

/** Where spent presentations are kept, for as long as their epoch is accepted. */
export interface ArcSpends {
  /**
   * Atomic and durable: `spent` at most once for each key id and spend key, then `again` for the same
   * request and `replayed` for another one.
   */
  spend(
    spend: ArcSpend,
  ): Promise<{ readonly kind: 'spent' | 'again' | 'replayed' | 'epoch-closed' }>
}

export interface ArcRoomLimitOptions {
  readonly scheme: ArcScheme
  /** The domain that issues and redeems. */
  readonly hub: string
  /** None or 32 octets, such as a digest of the months in which a credential is good. */
  readonly credentialContext?: Buffer
  readonly spends: ArcSpends
}

/** What is presented, and for what. */
export interface ArcRoomRequest extends Pick<ArcSpend, 'epoch' | 'requestHash'> {
  readonly token: Uint8Array
  /** Of hub, room and epoch, 32 octets. */
  readonly redemptionContext: Buffer
}

export type ArcRoomAdmission =
  /** `again`: the same request has been admitted before, and costs nothing now. */
  | { readonly kind: 'admitted'; readonly spendKey: Buffer; readonly again: boolean }
  | {
      readonly kind: 'refused'
      readonly reason: ArcRefusal | 'malformed-token' | 'replayed' | 'epoch-closed'
    }

export interface ArcRoomLimit {
  /** What a client presents its credential for. */
  readonly challenge: (redemptionContext: Buffer) => ArcChallenge
  readonly admit: (request: ArcRoomRequest) => Promise<ArcRoomAdmission>
}

/** Each credential gives as many presentations as the limit of the scheme, for each room and epoch. */
export function arcRoomLimit(options: ArcRoomLimitOptions): ArcRoomLimit {
  const { scheme, hub, credentialContext = Buffer.alloc(0), spends } = options
  const challenge = (redemptionContext: Buffer): ArcChallenge => ({
    tokenType: 'arc',
    issuerName: hub,
    redemptionContext,
    originInfo: hub,
    credentialContext,
  })
  return {
    challenge,
    admit: async ({ token, redemptionContext, epoch, requestHash }) => {
      const verdict = verdictOf(scheme, token, challenge(redemptionContext))
      if (verdict.kind === 'refused') return verdict
      const { keyId, spendKey } = verdict.token
      // After the proof: nobody makes us write who cannot present.
      const { kind } = await spends.spend({ epoch, keyId, spendKey, requestHash })
      if (kind === 'replayed' || kind === 'epoch-closed') return { kind: 'refused', reason: kind }
      return { kind: 'admitted', spendKey, again: kind === 'again' }
    },
  }
}

function verdictOf(scheme: ArcScheme, bytes: Uint8Array, challenge: ArcChallenge) {
  try {
    return scheme.verify(scheme.parse(bytes), [{ challenge, context: undefined }])
  } catch (error) {
    if (error instanceof WireError) return { kind: 'refused', reason: 'malformed-token' } as const
    throw error
  }
}
