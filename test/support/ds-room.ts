import { decode, encode, opaque } from '../../src/wire/codec.ts'
import { treeBytesMax } from '../../src/wire/mimi/bounds.ts'
import { participantListUpdateCodec } from '../../src/wire/mimi/participant-list.ts'
import {
  groupInfoRequestCodec,
  type GroupInfoRatchetTreeTBE,
} from '../../src/wire/mimi/group-info.ts'
import { componentIds } from '../../src/wire/mls/app-data.ts'
import type { PublicMessage } from '../../src/wire/mls/framing.ts'
import { keyPackageCodec } from '../../src/wire/mls/key-package.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { joinGroup } from '../../src/client/mls/open-group.ts'
import { openWelcome } from '../../src/client/mls/welcome.ts'
import type { LeafIdentity, OwnKeyPackage } from '../../src/client/mls/key-package.ts'
import { mlsMessageCodec } from '../../src/wire/mls/message.ts'
import type { Proposal } from '../../src/wire/mls/proposal.ts'
import {
  basicIdentity,
  commitBundle,
  DsClient,
  foundKeyPackages,
  newKeyPackage,
  MEMBER_ROLE,
  newGroup,
  type QueuedEvent,
} from './ds-client.ts'
import { dsNetwork, type DsNetwork } from './ds-network.ts'

export const alice = 'mimi://a.example/u/alice'
export const bob = 'mimi://b.example/u/bob'
export const cathy = 'mimi://c.example/u/cathy'
export const clubhouse = 'mimi://a.example/r/clubhouse'

/** A device of a user and its view of the group. */
export interface Seat {
  readonly client: DsClient
  readonly group: MlsGroup
}

export interface SmallRoom {
  readonly network: DsNetwork
  readonly alice: Seat
  readonly bob: Seat
}

/** A room of a.example with Alice, and Bob of b.example whom she has added. */
export async function smallRoom(
  participants: Readonly<Record<string, number>> = { [alice]: MEMBER_ROLE, [bob]: MEMBER_ROLE },
): Promise<SmallRoom> {
  const network = await dsNetwork('a.example', 'b.example')
  const creator = await new DsClient(network, alice, 'mimi://a.example/d/a1').register()
  const group = newGroup(basicIdentity(alice), participants)
  await creator.createRoom(clubhouse, group)
  const phone = await new DsClient(network, bob, 'mimi://b.example/d/b1').register()
  const seat = { client: creator, group }
  return { network, alice: seat, bob: { client: phone, group: await addClient(seat, phone) } }
}

/** Fetches a KeyPackage of the client, commits its Add, and joins by the Welcome in the client's queue. */
export async function addClient(
  adder: Seat,
  joiner: DsClient,
  more: readonly Proposal[] = [],
): Promise<MlsGroup> {
  const own = newKeyPackage(basicIdentity(joiner.user))
  await joiner.upload(own)
  const material = await adder.client.keyMaterial(joiner.user, clubhouse)
  const [found] = foundKeyPackages(material)
  if (found === undefined) throw new Error(material.userStatus)
  const add = { kind: 'add', keyPackage: decode(keyPackageCodec, found) } as const
  await commit(adder, [...more, add])
  return joinFromQueue(joiner, own)
}

/** Sends a commit and applies it once the hub has accepted it. */
export async function commit(
  { client, group }: Seat,
  proposals: readonly Proposal[] = [],
): Promise<ReturnType<MlsGroup['commit']>> {
  const staged = group.commit({ proposals })
  const answer = await client.update(clubhouse, commitBundle(staged))
  if (answer.responseCode !== 'success') throw new Error(answer.responseCode)
  group.applyPendingCommit()
  return staged
}

async function joinFromQueue(joiner: DsClient, own: OwnKeyPackage): Promise<MlsGroup> {
  const events = await joiner.eventually(1)
  const welcomed = events.findLast(({ item }) => item?.kind === 'welcome')?.item
  if (welcomed?.kind !== 'welcome') throw new Error('no welcome')
  const message = decode(mlsMessageCodec, welcomed.message.bytes)
  if (message.kind !== 'welcome' || welcomed.ratchetTreeOption.representation !== 'full')
    throw new Error('no welcome with its tree')
  const ratchetTree = encode(opaque(treeBytesMax), welcomed.ratchetTreeOption.ratchetTree)
  const opened = openWelcome(message.welcome, (reference) =>
    reference.equals(own.reference) ? own : undefined,
  )
  return joinGroup(opened, ratchetTree)
}

/** A change of the participant list, as a proposal. */
export function participantChange(change: {
  readonly added?: readonly string[]
  readonly removed?: readonly number[]
  readonly roles?: Readonly<Record<number, number>>
}): Proposal {
  const update = encode(participantListUpdateCodec, {
    changedRoleParticipants: Object.entries(change.roles ?? {}).map(([userIndex, roleIndex]) => ({
      userIndex: Number(userIndex),
      roleIndex,
    })),
    removedIndices: change.removed ?? [],
    addedParticipants: (change.added ?? []).map((user) => ({ user, roleIndex: MEMBER_ROLE })),
  })
  return {
    kind: 'app-data-update',
    componentId: componentIds.participantList,
    operation: { kind: 'update', update },
  }
}

/** The tree of a groupInfo answer, with its length prefix. */
export function exportRatchetTree({ ratchetTreeOption }: GroupInfoRatchetTreeTBE): Buffer {
  if (ratchetTreeOption.representation !== 'full') throw new Error('no tree')
  return encode(opaque(treeBytesMax), ratchetTreeOption.ratchetTree)
}

/** The PublicMessage of a fanned-out commit or proposal. */
export function publicMessageOf(event: QueuedEvent | undefined): PublicMessage {
  if (event?.item === undefined) throw new Error('no fan-out')
  const message = decode(mlsMessageCodec, event.item.message.bytes)
  if (message.kind !== 'public') throw new Error('no public message')
  return message.publicMessage
}

/** The body of `groupInfo`; its signature is for the gateway to check. */
export function groupInfoRequest({ credential, signer }: LeafIdentity): Buffer {
  return encode(groupInfoRequestCodec, {
    protocol: 'mls10',
    cipherSuite: 1,
    requestingSignatureKey: signer.publicKey,
    requestingCredential: credential,
    groupInfoPublicKey: Buffer.of(1),
    joiningCode: Buffer.alloc(0),
    signature: Buffer.of(1),
  })
}
