import { decode, encode } from '../wire/codec.ts'
import type { ContentPart } from '../wire/cbor/content-part.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
  type IdentifierResponse,
  type QueryElement,
} from '../wire/mimi/identifier-query.ts'
import type { ConsentEntry } from '../wire/mimi/consent.ts'
import type { UserRolePair } from '../wire/mimi/participant-list.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import { Exclusive } from './exclusive.ts'
import {
  checkKeyPackages,
  claimKeyPackages,
  commitAdds,
  type KeyMaterialRefusal,
} from './flows/add-user.ts'
import { commitChange, sendProposals, type ChangeOutcome } from './flows/change-room.ts'
import type { ClientEvent } from './flows/client-event.ts'
import {
  membersOf,
  participantNamed,
  roomOf,
  type ClientState,
  type RoomMember,
  type RoomSecret,
} from './flows/client-state.ts'
import {
  grantConsent,
  requestConsent,
  revokeConsent,
  type ConsentGrant,
  type ConsentRequest,
} from './flows/consent.ts'
import { createRoom, type NewRoom } from './flows/create-room.ts'
import { joinByExternalCommit, type JoinOutcome } from './flows/join-room.ts'
import { publishKeyPackages, type KeyPackageOrder } from './flows/key-packages.ts'
import { banOf, leaveRoom, removalOf } from './flows/leave-room.ts'
import { registerClient, type MimiClientOptions } from './flows/register-client.ts'
import { sendReport, type ReportOptions } from './flows/send-report.ts'
import { sendMessage, type OutgoingMessage, type SendOutcome } from './flows/send-message.ts'
import { takeCertificates } from './flows/take-certificates.ts'
import { isTokenKeysDue, takeUpTokenKeys } from './flows/take-up-token-keys.ts'
import { Inbox } from './inbox.ts'
import { connectionCard, type ConnectionCard } from './identity/connections.ts'
import { textBody, type FrankEvidence } from './mimi/franked-message.ts'
import { changeRole } from './mimi/participant-changes.ts'
import { roles } from './mimi/room-extensions.ts'
import type { MlsGroup } from './mls/mls-group.ts'

export type AddOutcome =
  ChangeOutcome | { readonly kind: 'no-key-material'; readonly status: KeyMaterialRefusal }

/**
 * One MIMI client of one user, at a provider with the reference delivery service. Its state is in memory
 * only. Calls may overlap: changes to its groups happen one after the other. Throws `ClientError`.
 */
export class MimiClient {
  private readonly state: ClientState
  private readonly exclusive = new Exclusive()
  private readonly inbox: Inbox

  private constructor(state: ClientState) {
    this.state = state
    this.inbox = new Inbox(state, this.exclusive)
  }

  /** Registers the client at its provider. */
  static async register(options: MimiClientOptions): Promise<MimiClient> {
    return new MimiClient(await registerClient(options))
  }

  get user(): string {
    return this.state.account.user
  }

  get client(): string {
    return this.state.account.client
  }

  /** Rooms that we are a member of now. */
  get rooms(): readonly string[] {
    return [...this.state.rooms.values()]
      .filter(({ group }) => group.isMember)
      .map(({ uri }) => uri)
  }

  /** Throws `unknown-room`. */
  group(room: string): MlsGroup {
    return roomOf(this.state, room).group
  }

  /** Everybody's clients in the room, pseudonyms resolved as far as we can. */
  members(room: string): readonly RoomMember[] {
    return membersOf(this.state, roomOf(this.state, room))
  }

  participants(room: string): readonly UserRolePair[] {
    return roomOf(this.state, room).group.participants
  }

  /** Our entry in the room's participant list. */
  participant(room: string): string {
    return roomOf(this.state, room).participant
  }

  /** Returns the user pseudonyms of the KeyPackages, for the user's other clients. */
  publishKeyPackages(order: KeyPackageOrder): Promise<readonly string[]> {
    return publishKeyPackages(this.state, order)
  }

  /** What others need to add us to pseudonymous rooms. Secret: for an authentic, private channel. */
  connectionCard(): ConnectionCard {
    return connectionCard(this.state.account)
  }

  connect(card: ConnectionCard): void {
    this.state.connections.add(card)
  }

  /** For another client of our user: what it needs to join this room by itself. Secret. */
  roomSecret(room: string): RoomSecret | undefined {
    const { links, participant } = roomOf(this.state, room)
    return links && { room, userPseudonym: participant, wrapperKey: links.wrapperKey }
  }

  learnRoomSecret(secret: RoomSecret): void {
    this.state.roomSecrets.set(secret.room, secret)
  }

  async createRoom(options: NewRoom): Promise<void> {
    await this.exclusive.run(() => createRoom(this.state, options))
  }

  /**
   * Adds all clients of a user, with KeyPackages that its provider hands out now, or with those of a
   * `grant` of consent; tries again where others were faster.
   */
  async addUser(
    room: string,
    user: string,
    { roleIndex = roles.member, grant }: { roleIndex?: number; grant?: ConsentEntry } = {},
  ): Promise<AddOutcome> {
    const found = roomOf(this.state, room)
    const claim =
      grant?.consentOperation === 'grant'
        ? checkKeyPackages(this.state, found, {
            user,
            keyPackages: grant.clientKeyPackages.map(({ value }) => value),
          })
        : await claimKeyPackages(this.state, found, user)
    if (claim.kind === 'no-key-material') return claim
    return this.untilCurrent(() => commitAdds(this.state, found, { ...claim, roleIndex }))
  }

  /** `user`: a participant, or in pseudonymous rooms a user whose pseudonym we can resolve. */
  removeUser(room: string, user: string): Promise<ChangeOutcome> {
    return this.commit(room, () => removalOf(this.state, roomOf(this.state, room), user))
  }

  banUser(room: string, user: string): Promise<ChangeOutcome> {
    return this.commit(room, () => banOf(this.state, roomOf(this.state, room), user))
  }

  setRole(room: string, user: string, roleIndex: number): Promise<ChangeOutcome> {
    return this.commit(room, () => {
      const found = roomOf(this.state, room)
      const participant = participantNamed(this.state, found, user)
      return [changeRole(found.group.participants, participant, roleIndex)]
    })
  }

  /** New keys for us, and whatever waits: a commit without proposals of its own. */
  commitPending(room: string): Promise<ChangeOutcome> {
    return this.commit(room, () => [])
  }

  /** Any proposals by value; `proposals` is asked again for every attempt. */
  commit(room: string, proposals: () => readonly Proposal[]): Promise<ChangeOutcome> {
    return this.untilCurrent(() => commitChange(this.state, roomOf(this.state, room), proposals()))
  }

  /** Leaves a proposal for others to commit. */
  propose(room: string, proposal: Proposal): Promise<ChangeOutcome> {
    return this.untilCurrent(() => sendProposals(this.state, roomOf(this.state, room), [proposal]))
  }

  /** Our user leaves with all its clients, as soon as somebody commits. */
  leave(room: string): Promise<ChangeOutcome> {
    return this.untilCurrent(() => leaveRoom(this.state, roomOf(this.state, room)))
  }

  joinExternally(room: string, options: { roleIndex?: number } = {}): Promise<JoinOutcome> {
    return this.untilCurrent(() => joinByExternalCommit(this.state, room, options))
  }

  /**
   * From now on our messages in this room name nobody: each day another pseudonym, which our provider
   * certifies without learning for which room. Throws `unknown-room`, `no-issuer`.
   */
  writeUnnamed(room: string): void {
    this.state.unnamed.use(roomOf(this.state, room).uri)
  }

  sendText(
    room: string,
    text: string,
    options: Omit<OutgoingMessage, 'body'> = {},
  ): Promise<SendOutcome> {
    return this.send(room, { body: textBody(text), ...options })
  }

  send(room: string, message: OutgoingMessage & { body: ContentPart }): Promise<SendOutcome> {
    return this.untilCurrent(() => sendMessage(this.state, roomOf(this.state, room), message))
  }

  /**
   * Waits at most `waitMs` for the first event; none is lost where the caller stops asking. Before that it
   * commits the token keys whose turn has come: docs/pseudonymous-senders.md.
   */
  async receive({ waitMs = 0, signal }: { waitMs?: number; signal?: AbortSignal } = {}): Promise<
    readonly ClientEvent[]
  > {
    await this.takeUpDue()
    return this.inbox.take(waitMs, signal)
  }

  /**
   * The next event of this kind, in this room if one is named; all others stay for `receive` and `next`.
   * Throws `timed-out` where `waitMs` pass without any event.
   */
  async next<Kind extends ClientEvent['kind']>(
    kind: Kind,
    { room, waitMs = 10_000 }: { room?: string; waitMs?: number } = {},
  ): Promise<Extract<ClientEvent, { kind: Kind }>> {
    const isWanted = (event: ClientEvent): event is Extract<ClientEvent, { kind: Kind }> =>
      event.kind === kind && (room === undefined || ('room' in event && event.room === room))
    await this.takeUpDue()
    return this.inbox.next(isWanted, waitMs)
  }

  /**
   * About messages of one sender; without `named` the report does not say who we are, with `sealed`
   * only the hub reads it. Resolves to the hub's receipt, by which its status can be followed.
   */
  async report(
    room: string,
    messages: readonly [FrankEvidence, ...FrankEvidence[]],
    options: ReportOptions = {},
  ): Promise<string | undefined> {
    return sendReport(this.state, roomOf(this.state, room), { messages, ...options })
  }

  requestConsent(user: string, options: Omit<ConsentRequest, 'user'> = {}): Promise<void> {
    return requestConsent(this.state, { user, ...options })
  }

  grantConsent(grant: ConsentGrant): Promise<void> {
    return grantConsent(this.state, grant)
  }

  revokeConsent(requester: string, options: { room?: string } = {}): Promise<void> {
    return revokeConsent(this.state, { requester, ...options })
  }

  /** Asks a provider for users; all elements must match. */
  async queryIdentifier(
    domain: string,
    queryElements: readonly QueryElement[],
  ): Promise<IdentifierResponse> {
    const idRequestExtensions = { componentData: [] }
    const body = encode(identifierRequestCodec, { queryElements, idRequestExtensions })
    const answer = await this.state.provider.operation('identifierQuery', domain, body)
    return decode(identifierResponseCodec, answer)
  }

  private async takeUpDue(): Promise<void> {
    if (isTokenKeysDue(this.state)) await this.exclusive.run(() => takeUpTokenKeys(this.state))
    if (this.state.unnamed.isDue()) await this.exclusive.run(() => takeCertificates(this.state))
  }

  /** Where the hub is ahead of us, we read what we have missed and try again. */
  private async untilCurrent<Outcome extends { readonly kind: string }>(
    attempt: () => Promise<Outcome>,
  ): Promise<Outcome> {
    for (let attempts = 1; ; attempts++) {
      const outcome = await this.exclusive.run(attempt)
      if (!BEHIND.has(outcome.kind) || attempts === ATTEMPTS_MAX) return outcome
      await this.inbox.fetch(CATCH_UP_MS)
    }
  }
}

/** Answers that mean: the room has moved on. */
const BEHIND: ReadonlySet<string> = new Set(['wrong-epoch', 'epoch-too-old', 'invalid-proposal'])
const ATTEMPTS_MAX = 4
const CATCH_UP_MS = 1_000
