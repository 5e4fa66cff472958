import type { Label } from '../metadata/labels/label.ts'
import type { RequestContext, HandleLocal, ListenerResponse } from '../model/handle.ts'
import type { MimiUri, ProviderDomain } from '../model/ids.ts'
import type { SanctionId } from '../model/sanctions.ts'
import type { ReportForm, SpamForm } from './report-schemas.ts'

export interface RoomToCreate {
  readonly room: MimiUri
  /** The name of the metadata suite; may be left out where the group pins one. */
  readonly suite: string | undefined
  /** The struct GroupInfo, without an MLSMessage header. */
  readonly groupInfo: Buffer
  /** `optional<Node> ratchet_tree<V>`, with its length. */
  readonly ratchetTree: Buffer
}

/** What a room shows of the state that we follow. */
export interface RoomView {
  readonly room: string
  readonly suite: string
  readonly epoch: bigint
  readonly ciphersuite: number
  readonly treeHash: Buffer
  readonly confirmedTranscriptHash: Buffer
  readonly participants: readonly { readonly user: string; readonly roleIndex: number }[]
}

export interface FanoutToSend {
  readonly room: MimiUri
  /** One FanoutMessage without a frank. */
  readonly bytes: Buffer
  /** The followers; empty where only our own clients are in the room. */
  readonly destinations: readonly ProviderDomain[]
}

export interface HubKeys {
  /** FrankingAgentData. */
  readonly frankingAgent: Buffer
  /** ExternalSender. */
  readonly externalSender: Buffer
}

/** What our delivery service must apply. */
export interface SanctionView {
  /** Grows with each sanction. */
  readonly sequence: number
  readonly id: string
  readonly kind: string
  readonly room: string
  readonly participant?: string | undefined
  readonly frankingTag?: string | undefined
  readonly messageId?: string | undefined
  readonly divisor?: number | undefined
  readonly label?: string | undefined
  readonly expiresAtMs?: number | undefined
}

/** What a delivery service asks for as it comes: sanctions, notices of reports. */
export interface NextQuestion {
  /** The last sequence number that the delivery service knows; 0 for none. */
  readonly after: number
  /** How long to wait for the first, where there is none. */
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** What the delivery service has done about a sanction. */
export interface SanctionReport {
  readonly id: SanctionId
  readonly result: 'applied' | 'left-to-gateway' | 'failed'
  /** Copies of a retracted message that its clients do not get. */
  readonly dropped: number
}

/** What our delivery service tells moderators of a room of ours about a report. docs/notices.md */
export interface ReportNoticeView {
  /** Grows with each notice. */
  readonly sequence: number
  readonly id: string
  readonly room: string
  /** Whom to tell: participants of ours. */
  readonly moderators: readonly string[]
  readonly subject: string
  readonly category: string
  readonly verification: string
  readonly distinctReporters: string
  readonly timeBucket: string
  readonly messageIds: readonly string[]
}

/** Participants of one provider in a room. */
export interface AnonymitySetView {
  readonly room: string
  readonly provider: string
  readonly people: number
  readonly small: boolean
}

/** What the internal listener can do; each throws `GatewayError`. docs/internal-api.md */
export interface InternalHandlers {
  readonly operation: HandleLocal
  readonly createRoom: (room: RoomToCreate, context: RequestContext) => Promise<RoomView>
  /** Undefined where the room is not followed. */
  readonly findRoom: (room: MimiUri) => RoomView | undefined
  readonly fanout: (fanout: FanoutToSend, context: RequestContext) => Promise<Buffer>
  readonly hubKeys: (ciphersuite: number) => HubKeys
  /** Among how many people of a provider a reporter hides. Throws `room-unknown`. */
  readonly anonymitySet: (room: MimiUri, provider: ProviderDomain) => AnonymitySetView
  readonly labelOfRoom: (room: MimiUri) => Label
  readonly labelOfPeer: (peer: ProviderDomain) => Label
  /** The oldest first, at most 100. */
  readonly sanctions: (question: NextQuestion) => Promise<readonly SanctionView[]>
  readonly sanctionResult: (report: SanctionReport) => Promise<void>
  /** The oldest first, at most 100. */
  readonly reportNotices: (question: NextQuestion) => Promise<readonly ReportNoticeView[]>
  /** A report of a user of ours, to the hub of its room; with the hub's receipt. */
  readonly report: (report: ReportForm, context: RequestContext) => Promise<ListenerResponse>
  readonly reportSpam: (report: SpamForm, context: RequestContext) => Promise<ListenerResponse>
  /** Of a receipt of ours, or of another hub, which is asked. Throws `receipt-unknown` and what asking throws. */
  readonly reportStatus: (receipt: string, context: RequestContext) => Promise<string>
}
