import type { Frank } from './exchange.ts'

/** What an operation answers, free of any protocol's bytes. */
export type Answer =
  | { readonly operation: 'submitMessage'; readonly outcome: SubmitMessageOutcome }
  | { readonly operation: 'update'; readonly outcome: UpdateOutcome }
  | { readonly operation: 'keyMaterial'; readonly outcome: KeyMaterialOutcome }
  | { readonly operation: 'groupInfo'; readonly outcome: GroupInfoOutcome }
  | { readonly operation: 'identifierQuery'; readonly outcome: IdentifierQueryOutcome }
  | { readonly operation: 'notify'; readonly outcome: StatusOutcome }
  | { readonly operation: 'requestConsent' | 'updateConsent'; readonly outcome: StatusOutcome }
  | { readonly operation: 'reportAbuse'; readonly outcome: StatusOutcome }

export type SubmitMessageOutcome =
  | {
      readonly kind: 'accepted'
      readonly acceptedTimestampMs: number
      readonly frank: Frank | undefined
    }
  | { readonly kind: 'notAllowed' }
  | { readonly kind: 'epochTooOld'; readonly currentEpoch: bigint }

export type UpdateOutcome =
  | {
      readonly kind: 'success'
      readonly acceptedTimestampMs: number
      readonly errorDescription: string
    }
  | {
      readonly kind: 'wrongEpoch'
      readonly currentEpoch: bigint
      readonly errorDescription: string
    }
  | { readonly kind: 'notAllowed'; readonly errorDescription: string }
  | {
      readonly kind: 'invalidProposal'
      readonly proposals: readonly Buffer[]
      readonly errorDescription: string
    }

export type UserStatus =
  | 'success'
  | 'partialSuccess'
  | 'incompatibleProtocol'
  | 'noCompatibleMaterial'
  | 'userUnknown'
  | 'noConsent'
  | 'noConsentForThisRoom'
  | 'userDeleted'

/** One client of a keyMaterial answer; `bytes` is the whole ClientKeyMaterial. */
export interface ClientMaterial {
  readonly bytes: Buffer
  readonly status: 'success' | 'keyMaterialExhausted' | 'nothingCompatible'
  /** The reference of the KeyPackage, where there is one. */
  readonly keyPackage: Buffer | undefined
  /** Codes of the metadata suites that its leaf lists; undefined where it does not say. */
  readonly metadataSuites?: readonly number[] | undefined
}

export interface KeyMaterialOutcome {
  readonly kind: UserStatus
  readonly user: string
  readonly clients: readonly ClientMaterial[]
}

export type GroupInfoOutcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'notAuthorized' }
  | { readonly kind: 'noSuchRoom' }

export interface IdentifierQueryOutcome {
  readonly kind: 'success' | 'notFound' | 'ambiguous' | 'forbidden' | 'unsupportedField'
  /** `withheld` leaves every found profile with its stable URI only. */
  readonly profileFields?: 'withheld'
  /** Extension components that the adapter does not know: there, or to be taken out. */
  readonly unknownComponents?: 'present' | 'withheld'
}

export interface StatusOutcome {
  readonly kind: 'accepted' | 'notFound' | 'refused'
}
