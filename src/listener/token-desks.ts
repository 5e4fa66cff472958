import type { MimiUri } from '../model/ids.ts'
import type { TokenOffer } from '../privacypass/challenge-header.ts'
import type { MembershipProof } from '../privacypass/membership-proof.ts'

/** The issuer as the tokens listener sees it. */
export interface IssuerDesk {
  /** Octets of the largest request. */
  readonly requestBytesMax: number
  readonly directory: () => { readonly bytes: Buffer; readonly maxAgeSeconds: number }
  /** Throws `GatewayError`. */
  readonly issue: (request: {
    readonly contentType: string
    /** As the client wrote it; undefined where it wrote none. */
    readonly authorization: string | undefined
    readonly bytes: Buffer
    readonly signal: AbortSignal
  }) => Promise<{ readonly contentType: string; readonly bytes: Buffer }>
}

/** The issuer of anonymous rate-limited credentials, as the tokens listener sees it. docs/arc.md */
export interface CredentialDesk {
  /** What a credential is given for to users of a provider, and what it is. Throws `not-found`. */
  readonly offers: (provider: string) => Promise<readonly TokenOffer[]>
  /** Throws `GatewayError`. */
  readonly issue: (order: {
    readonly provider: string
    /** The octets of a token. */
    readonly token: Buffer
    /** The octets of a CredentialRequest. */
    readonly request: Buffer
  }) => Promise<Buffer>
}

/** A certificate that wants to become a pseudonym in a room. */
export interface CertificateToAdmit {
  readonly room: MimiUri
  /** Whose user comes: a domain, which is not checked yet. */
  readonly provider: string
  /** SubjectPublicKeyInfo of a P-256 key, at most 91 octets; whether it is one is not checked yet. */
  readonly publicKey: Buffer
  /** The octets of a token, or of a presentation. */
  readonly token: Buffer
  readonly membership: MembershipProof | undefined
}

export interface AdmittedPseudonym {
  /** Its MIMI URI. */
  readonly pseudonym: string
  readonly expiresAtMs: number
  /** How many more of its provider the room still takes in this epoch. */
  readonly remaining: number
}

/** The admission of pseudonyms to rooms of ours, as the tokens listener sees it. */
export interface PseudonymDesk {
  /**
   * What tokens are taken of users of a provider, the preferred ones first: the same whether the room is
   * there or not, and whoever is in it. Throws `room-unknown` for rooms of other hubs, `not-found`.
   */
  readonly offers: (
    asked: Pick<CertificateToAdmit, 'room' | 'provider'>,
  ) => Promise<readonly TokenOffer[]>
  /** Throws `GatewayError`; `sender-token-required` is answered with the offers. */
  readonly admitCertificate: (certificate: CertificateToAdmit) => Promise<AdmittedPseudonym>
}
