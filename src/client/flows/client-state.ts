import type { Clock, Randomness } from '../../model/clock.ts'
import type { Credential } from '../../wire/mls/credential.ts'
import type { Extension } from '../../wire/mls/extension.ts'
import type { HpkeKeyPair } from '../../mls-crypto/kem.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import type { DsConnection } from '../ds-connection.ts'
import { ClientError } from '../errors.ts'
import type { Account } from '../identity/account.ts'
import { connectionCard, type Connections } from '../identity/connections.ts'
import type { IdentityLinks } from '../identity/identity-links.ts'
import type { RealIdentity } from '../identity/pseudonym.ts'
import type { MetadataSuite } from '../mimi/metadata-suites.ts'
import type { Epoch } from '../mls/epoch.ts'
import type { LeafIdentity, OwnKeyPackage } from '../mls/key-package.ts'
import type { MlsGroup } from '../mls/mls-group.ts'
import { userOf } from '../mls/user-of.ts'

/** All that one client holds; in memory only. */
export interface ClientState {
  readonly account: Account
  readonly suite: MlsSuite
  readonly connections: Connections
  readonly provider: DsConnection
  /** The metadata suites that we know. */
  readonly metadataSuites: readonly MetadataSuite[]
  /** Those of them whose rooms we take part in. */
  readonly acceptedSuites: readonly MetadataSuite[]
  /** Of all our leaves. */
  readonly leafExtensions: readonly Extension[]
  /** Under which pseudonym of the epoch we write where. */
  readonly unnamed: UnnamedSenders
  readonly clock: Clock
  readonly randomness: Randomness
  readonly rooms: Map<string, ClientRoom>
  /** When we commit token keys that a hub has proposed, in ms, by room. */
  readonly tokenKeysDue: Map<string, number>
  /** KeyPackages that have been handed out and not been used, by reference. */
  readonly keyPackages: Map<string, OwnKeyPackage>
  /** What another client of the same user has handed us, by room. */
  readonly roomSecrets: Map<string, RoomSecret>
  /** Keys to which the answers to our consent requests are sealed, by the user asked. */
  readonly consentKeys: Map<string, HpkeKeyPair>
}

/** A sender that its hub knows for one room and one epoch only. */
export interface UnnamedSender {
  readonly uri: string
  /** The value of `Postern-Sender-Proof` for an MLSMessage, in the epoch of the group that it is of. */
  prove(message: Buffer, epoch: Epoch): string
  /** The hub took a message of it. */
  accepted(): void
  /** The hub does not know, or no longer, that it is of a member. */
  unproven(): void
}

export interface UnnamedSenders {
  /** From now on we write in this room under pseudonyms of the epoch. Throws `no-issuer`. */
  use(room: string): void
  /** Undefined where we write under our entry in the participant list. */
  senderFor(room: string): Promise<UnnamedSender | undefined>
  /** The hub wants a certificate, as `challenge` (`WWW-Authenticate`) says. Throws `ClientError`. */
  obtain(room: string, challenge: string, mode: 'epoch-pseudonym' | 'message-token'): Promise<void>
  /** Whether it is time to fetch the certificates of the next epoch. */
  isDue(): boolean
  /**
   * Fetches them, for every room that we write in so: at a time that tells nothing of the first message.
   * Throws `ClientError`; once for each epoch, whatever comes of it.
   */
  takeAhead(): Promise<void>
}

/** A room that this client is, or was, a member of. */
export interface ClientRoom {
  readonly uri: string
  readonly group: MlsGroup
  /** In pseudonymous rooms only. */
  readonly links: IdentityLinks | undefined
  /** Our entry in the participant list: our user URI, or our pseudonym in this room. */
  readonly participant: string
}

/** What a new client of a user needs to join a pseudonymous room by itself; given by an existing one. */
export interface RoomSecret {
  readonly room: string
  readonly userPseudonym: string
  readonly wrapperKey: Buffer
}

/** A member as this client sees it. */
export interface RoomMember {
  readonly leafIndex: number
  /** The entry in the participant list: a user URI or a pseudonym. */
  readonly participant: string
  /** The user behind the leaf; undefined where a pseudonym cannot be resolved. */
  readonly user: string | undefined
  /** False for a pseudonym whose link is its own statement only, no connection of ours confirms it. */
  readonly confirmed: boolean
}

/** Throws `unknown-room`. */
export function roomOf({ rooms }: ClientState, uri: string): ClientRoom {
  const room = rooms.get(uri)
  if (room === undefined) throw new ClientError('unknown-room')
  return room
}

/** Our leaf in a room, as what signs requests about it. */
export function roomIdentity({ group }: ClientRoom): LeafIdentity {
  const { own, tree } = group.current
  const leaf = tree.leaf(own.leafIndex)
  if (leaf === undefined) throw new ClientError('removed')
  return { signer: own.signer, credential: leaf.credential }
}

export function membersOf(state: ClientState, room: ClientRoom): RoomMember[] {
  return room.group.members.map(({ index, leaf }) => ({
    leafIndex: index,
    ...describe(state, room, leaf.credential),
  }))
}

/** Who a credential is in this room. */
export function describe(
  state: ClientState,
  { links }: Pick<ClientRoom, 'links'>,
  credential: Credential,
): Omit<RoomMember, 'leafIndex'> {
  const participant = userOf(credential) ?? ''
  if (credential.kind !== 'pseudonymous')
    return { participant, user: userOf(credential), confirmed: true }
  const identity = links?.resolve(credential)
  const confirmed = identity !== undefined && isConfirmed(state, identity)
  return { participant, user: identity?.user, confirmed }
}

function isConfirmed({ account, connections }: ClientState, identity: RealIdentity): boolean {
  const own = connectionCard(account)
  const isOwn =
    identity.user === own.user && own.identityKeys.some((key) => key.equals(identity.identityKey))
  return isOwn || connections.confirms(identity)
}

/** The participant that `user` names: an entry of the list itself, or the pseudonym of a known user. */
export function participantNamed(state: ClientState, room: ClientRoom, user: string): string {
  if (room.group.participants.some((participant) => participant.user === user)) return user
  const found = membersOf(state, room).find((member) => member.user === user)
  if (found === undefined) throw new ClientError('not-a-participant')
  return found.participant
}
