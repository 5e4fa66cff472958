import type { AssetUrl } from './asset-url.ts'
import type { MimiUri, ProviderDomain } from './ids.ts'
import type { Purpose } from './metadata.ts'

/** The operations of a room protocol, named as in the directory of draft-ietf-mimi-protocol-06 §5.1. */
export const operations = [
  'keyMaterial',
  'update',
  'submitMessage',
  'notify',
  'groupInfo',
  'requestConsent',
  'updateConsent',
  'identifierQuery',
  'reportAbuse',
  'proxyDownload',
] as const
export type Operation = (typeof operations)[number]

/** How an operation is called over HTTP. */
export type OperationMethod = 'GET' | 'POST'

/** `ingress`: on its way to our delivery service. `egress`: on its way to a peer. */
export type Direction = 'ingress' | 'egress'

/** Who handed us the exchange: another provider (authenticated), or our own delivery service. */
export type Origin =
  { readonly kind: 'peer'; readonly domain: ProviderDomain } | { readonly kind: 'local' }

/** The cleartext frame of one MLS message, with its exact bytes (RFC 9420 §6). */
export interface FramedMessage {
  readonly bytes: Buffer
  readonly wireFormat: 'public' | 'private'
  readonly contentType: 'application' | 'proposal' | 'commit'
  readonly groupId: Buffer
  readonly epoch: bigint
  /** Component 0x0020 of the SafeAAD: 32 octets. */
  readonly frankingTag: Buffer | undefined
  /** The component ids of all SafeAAD items. */
  readonly aadComponents: readonly number[]
  /** Octets of the ciphertext, padding included; 0 for a public message. */
  readonly ciphertextBytes: number
}

/** A commit with what belongs to it, or proposals. Views of the original bytes. */
export type Handshake =
  | {
      readonly kind: 'commit'
      readonly commit: FramedMessage
      readonly welcome: Buffer | undefined
      readonly welcomeRefs: readonly Buffer[]
      /** The GroupInfo struct (no MLSMessage header); undefined where only a partial one was sent. */
      readonly groupInfo: Buffer | undefined
      /** `optional<Node> ratchet_tree<V>` with its length prefix, as in the ratchet_tree extension. */
      readonly ratchetTree: Buffer | undefined
    }
  | { readonly kind: 'proposals'; readonly proposals: readonly FramedMessage[] }

/** One FanoutMessage. `bytes` is all of it, `message` the MLSMessage inside. */
export interface FanoutItem {
  readonly bytes: Buffer
  readonly kind: 'application' | 'commit' | 'proposal' | 'welcome'
  readonly timestampMs: number
  readonly message: Buffer
  readonly welcomeRefs: readonly Buffer[]
  readonly frank: Frank | undefined
  /** The cleartext frame of an application message. */
  readonly frame: FramedMessage | undefined
}

/** draft-ietf-mimi-protocol-06 §5.4.1. */
export interface Frank {
  /** 32 octets. */
  readonly serverFrank: Buffer
  readonly ciphersuite: number
  readonly signature: Buffer
}

interface ExchangeBase {
  readonly protocol: string
  readonly direction: Direction
  readonly origin: Origin
  /** The original body. INVARIANT: passes untouched unless an edit was declared. */
  readonly bytes: Buffer
}

export interface KeyMaterialExchange extends ExchangeBase {
  readonly operation: 'keyMaterial'
  readonly target: MimiUri
  readonly requester: MimiUri
  readonly room: MimiUri | undefined
  /** Whether the requester's credential is a pseudonymous one. */
  readonly pseudonymous: boolean
}

export interface UpdateExchange extends ExchangeBase {
  readonly operation: 'update'
  readonly room: MimiUri
  readonly handshake: Handshake
}

export interface SubmitMessageExchange extends ExchangeBase {
  readonly operation: 'submitMessage'
  readonly room: MimiUri
  readonly sender: MimiUri
  readonly message: FramedMessage
}

export interface NotifyExchange extends ExchangeBase {
  readonly operation: 'notify'
  readonly room: MimiUri
  readonly items: readonly FanoutItem[]
}

export interface GroupInfoExchange extends ExchangeBase {
  readonly operation: 'groupInfo'
  readonly room: MimiUri
  /** The requester's identity as its credential shows it: user pseudonym or user. */
  readonly requester: MimiUri | undefined
  readonly pseudonymous: boolean
}

/** What a consent is asked and given for. docs/rooms.md */
export interface ConsentTerms {
  /** Code of the metadata suite. */
  readonly suite: number
  /** SHA-256 of its table. */
  readonly suiteDigest: Buffer
  readonly purposes: readonly Purpose[]
  /** How long the requester's provider may keep what it is shown. */
  readonly retentionDays: number
  /** Undefined for no end. */
  readonly expiresAtMs: number | undefined
}

export interface ConsentExchange extends ExchangeBase {
  readonly operation: 'requestConsent' | 'updateConsent'
  readonly change: 'cancel' | 'request' | 'grant' | 'revoke'
  readonly requester: MimiUri
  readonly target: MimiUri
  readonly room: MimiUri | undefined
  /** Undefined where none are stated. */
  readonly terms?: ConsentTerms | undefined
}

export interface IdentifierQueryExchange extends ExchangeBase {
  readonly operation: 'identifierQuery'
  readonly domain: ProviderDomain
  readonly searchTypes: readonly string[]
  /** For limits only: SHA-256 over the search elements. */
  readonly valueDigest: Buffer
}

export interface ReportAbuseExchange extends ExchangeBase {
  readonly operation: 'reportAbuse'
  readonly room: MimiUri
  readonly reporter: MimiUri | undefined
  readonly subject: MimiUri
  readonly messageCount: number
  /** What the hub alone can open, so that nobody can tell what it shows. */
  readonly sealed?: { readonly content: boolean; readonly reporter: boolean } | undefined
}

export interface ProxyDownloadExchange extends ExchangeBase {
  readonly operation: 'proxyDownload'
  readonly url: AssetUrl
  /** The hub that a client of ours names; undefined: we are the hub. */
  readonly hub: ProviderDomain | undefined
}

export type Exchange =
  | KeyMaterialExchange
  | UpdateExchange
  | SubmitMessageExchange
  | NotifyExchange
  | GroupInfoExchange
  | ConsentExchange
  | IdentifierQueryExchange
  | ReportAbuseExchange
  | ProxyDownloadExchange
