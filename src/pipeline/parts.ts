import type { EventJournal } from '../audit/journal.ts'
import type { DecisionLog } from '../decision-log/decision-log.ts'
import type { AssetProxy } from '../delivery/asset-proxy.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { PeerClients } from '../delivery/peer-clients.ts'
import type { Upstream } from '../delivery/upstream.ts'
import type { FrankingAgent } from '../franking/franking-agent.ts'
import type { LogCoverage } from '../franking/log-coverage.ts'
import type { RelayLog } from '../franking/relay-log.ts'
import type { StampStore } from '../franking/stamp-store.ts'
import type { TimeBuckets } from '../franking/time-bucket.ts'
import type { Attested } from '../metadata/attested.ts'
import type { Suite } from '../metadata/suite.ts'
import type { Suites } from '../metadata/suites.ts'
import type { Pseudonyms } from '../metadata/pseudonyms.ts'
import type { Transforms } from '../metadata/transforms.ts'
import type { Adapter } from '../model/adapter.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import type {
  Exchange,
  FanoutItem,
  Frank,
  NotifyExchange,
  UpdateExchange,
} from '../model/exchange.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { MembershipProofRule } from '../model/room-auth-key.ts'
import type { Notify, Strike } from '../model/sanctions.ts'
import type { AgreementBook } from '../peers/agreement-book.ts'
import type { ConsentLedger } from '../peers/consent-ledger.ts'
import type { PeerTable } from '../peers/peer-table.ts'
import type { RoomSuites } from '../peers/room-suites.ts'
import type { PolicyHolder } from '../policy/policy-holder.ts'
import type { PolicyRoom } from '../policy/slices.ts'
import type { PeerFacts } from '../policy/vocabulary.ts'
import type { ReceiptBook } from '../receipts/receipt-book.ts'
import type { Limiter } from '../ratelimit/limiter.ts'
import type { CaseDesk } from '../reports/case-desk.ts'
import type { ReportDesk } from '../reports/report-desk.ts'
import type { ReportReceipts } from '../reports/report-receipts.ts'
import type { RoomRegistry } from '../rooms/room-registry.ts'
import type { RoomState } from '../rooms/room-state.ts'
import type { StatedTokenKeys } from '../rooms/token-keys.ts'
import type { SanctionBook } from '../sanctions/sanction-book.ts'
import type { SanctionTurns } from '../sanctions/sanction-turns.ts'
import type { UnnamedSenders } from '../senders/unnamed-senders.ts'
import type { Metrics } from '../signals/metrics.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import type { Notifications } from './notifications.ts'
import type { PendingUpdates } from './pending-updates.ts'
import type { RoomGrants } from './room-grants.ts'
import type { UnheardMessages } from './unheard-messages.ts'

/** Our own provider as policies see it. */
export interface Home {
  readonly peer: PeerFacts
  /** The name of the suite for exchanges outside rooms between our own users. */
  readonly suite: string
  /** What we attest of our users to the hub of a room whose suite asks for it. */
  readonly attested: Attested
  /** The facts of a room, or of what lies outside rooms; the same object for the same room. */
  room(room: MimiUri | undefined, suite: Suite): PolicyRoom
}

/** A request for a room's GroupInfo that the delivery service granted. */
export interface GroupInfoGrant {
  /** The original request. */
  readonly request: Buffer
  readonly room: MimiUri
  /** The struct GroupInfoRatchetTreeTBE. */
  readonly plaintext: Buffer
}

/** The parts of a room protocol that need keys or rewrite bytes; given by the composition root. */
export interface ProtocolBytes {
  /** Encrypts to the requester and signs with the hub's key. draft-ietf-mimi-protocol-06 §5.6 */
  sealGroupInfo(grant: GroupInfoGrant): Buffer
  /** Whether the client that asks holds the key that its request names. Throws `malformed-body`. */
  isSignedByRequester(exchange: Exchange): boolean
  /** Whether a handshake shows a name or another description of its room. */
  showsDescription(exchange: UpdateExchange | NotifyExchange): boolean
  /** The same of a GroupInfo, without an MLSMessage header. Throws `WireError`. */
  groupInfoDescribes(bytes: Buffer): boolean
  /** Signs proposals as external sender of the group; undefined where it lists none of our keys. */
  hubProposals(
    room: RoomState,
    proposals: readonly [Proposal, ...Proposal[]],
  ): { readonly bytes: Buffer; readonly references: readonly Buffer[] } | undefined
  /** The proposal that asks clients to hide messages; undefined where the group lists none of our keys. */
  hubRetraction(
    room: RoomState,
    retraction: { readonly messageIds: readonly Buffer[]; readonly atMs: number },
  ): Proposal | undefined
  /** Reads the one FanoutMessage that the delivery service hands in. Throws `malformed-body`. */
  parseFanout(bytes: Buffer): FanoutItem
  /** The FanoutMessage with the time that is shown and, for an application message, the frank. */
  stampFanout(item: FanoutItem, stamp: { timestampMs: number; frank: Frank | undefined }): Buffer
}

/** Which account submitted a message that its hub cannot name, readable with the message only. */
export interface Submitters {
  /** `account` as `Postern-Account` has it. Throws `key-unavailable`, `store-unavailable`. */
  remember(
    submission: { readonly hub: ProviderDomain; readonly frankingTag: Buffer },
    account: string,
    nowMs: number,
  ): Promise<void>
}

/** Everything that the stages use. */
export interface PipelineParts {
  readonly adapter: Adapter
  readonly bytes: ProtocolBytes
  readonly suites: Suites
  readonly home: Home
  readonly peers: PeerTable
  /** What was agreed on with other providers. */
  readonly agreements: AgreementBook
  /** Looks at what a peer publishes of its requirements, unless it did so a moment ago. */
  readonly refreshPeer: (peer: ProviderDomain) => Promise<void>
  readonly roomSuites: RoomSuites
  readonly rooms: RoomRegistry
  readonly consents: ConsentLedger
  readonly roomGrants: RoomGrants
  readonly policies: PolicyHolder
  readonly decisionLog: DecisionLog
  readonly transforms: Transforms
  readonly pseudonyms: Pseudonyms
  readonly limiter: Limiter
  /** Senders in our rooms that no participant list names. */
  readonly senders: UnnamedSenders
  readonly submitters: Submitters
  /** Whether they prove that they are members where the room's epoch has a key for it, or everywhere. */
  readonly membershipProof: MembershipProofRule
  /** The keys that an issuer's signed document names for tokens of messages. */
  readonly statedTokenKeys: StatedTokenKeys
  /** The franking agent for a ciphersuite. Throws `key-unavailable` where we have no such key. */
  readonly frankingAgent: (ciphersuite: number) => FrankingAgent
  readonly stamps: StampStore
  readonly relayLog: RelayLog
  readonly logCoverage: LogCoverage
  /** The times of answers, in the order in which they are given. */
  readonly timeBuckets: TimeBuckets
  /** The times of fan-outs, in the order in which the delivery service hands them out. */
  readonly fanoutTimes: TimeBuckets
  readonly upstream: Upstream
  readonly peerClients: PeerClients
  readonly assets: AssetProxy
  readonly outbox: Outbox
  readonly notifications: Notifications
  readonly pendingUpdates: PendingUpdates
  readonly unheardMessages: UnheardMessages
  readonly reports: ReportDesk
  readonly reportReceipts: ReportReceipts
  readonly sanctions: SanctionBook
  readonly sanctionTurns: SanctionTurns
  /** Takes strikes and statements to another provider; its answer may also be a note why not. */
  readonly sendNotice: (sanction: Strike | Notify) => Promise<string>
  readonly cases: CaseDesk
  readonly journal: EventJournal
  readonly receipts: ReceiptBook
  readonly metrics: Metrics
  readonly clock: Clock
  readonly randomness: Randomness
}
