import type { Randomness } from '../model/clock.ts'
import { decode, encode } from '../wire/codec.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { Credential } from '../wire/mls/credential.ts'
import { externalSenderCodec } from '../wire/mls/external-sender.ts'
import { groupInfoCodec } from '../wire/mls/group-info.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import { roomMetaDataCodec } from '../wire/mimi/room-metadata.ts'
import { mlsSuite } from '../mls-crypto/suite.ts'
import { signatureKeyPair } from '../mls-crypto/signatures.ts'
import { commitRequest } from '../client/mimi/handshake.ts'
import { addParticipants } from '../client/mimi/participant-changes.ts'
import { roles, roomExtensions } from '../client/mimi/room-extensions.ts'
import {
  createKeyPackage,
  type LeafIdentity,
  type OwnKeyPackage,
} from '../client/mls/key-package.ts'
import type { MlsGroup } from '../client/mls/mls-group.ts'
import { createGroup, joinGroup } from '../client/mls/open-group.ts'
import { openWelcome } from '../client/mls/welcome.ts'
import type { CanaryMaker } from './canary.ts'
import type { Neighbours } from './world-config.ts'

/** The one ciphersuite of all rooms: the one that hubs sign with. */
export const suite = mlsSuite(1)

/** Somebody with one client. */
export interface Actor {
  readonly provider: string
  /** As it shows itself: its name, or a pseudonym. */
  readonly user: string
  readonly identity: LeafIdentity
}

/** A room as its creator made it, and the creator's group. */
export interface Founding {
  readonly room: string
  /** JSON for `POST /internal/v1/rooms/{room}`. */
  readonly body: Buffer
  readonly group: MlsGroup
}

/** Who takes part and what they hold; everything in it is the same for the same seed. */
export interface Cast {
  readonly maker: CanaryMaker
  readonly randomness: Randomness
  readonly nowMs: number
  readonly names: Neighbours
  readonly pseudonymous: boolean
  /** Of our own provider, admin of both rooms. */
  readonly alice: Actor
  /** Of the peer, members of the open room. */
  readonly bob: Actor
  readonly bea: Actor
  /** Of the third provider, member of the open room. */
  readonly cathy: Actor
  readonly open: Founding
  /** A room of ours without anybody of the peer. */
  readonly closed: Founding
  /** The body of `update` with which Alice brings the others into the open room. */
  readonly arrival: Buffer
  /** The open room as Alice, Bob and Bea see it. */
  readonly groups: { readonly alice: MlsGroup; readonly bob: MlsGroup; readonly bea: MlsGroup }
  /** A new person of a provider. */
  actor(provider: string, name: string, options?: { readonly pseudonymous?: boolean }): Actor
  /** New keys of somebody; `mark` stands in its leaf where nothing else does. */
  keyPackage(actor: Actor, mark?: Buffer): OwnKeyPackage
}

export interface CastOptions {
  readonly maker: CanaryMaker
  readonly randomness: Randomness
  readonly nowMs: number
  readonly names: Neighbours
  readonly suite: string
  readonly pseudonymous: boolean
  /** `GET /internal/v1/hub-keys` of the hub. */
  readonly hubKeys: { readonly frankingAgent: Buffer; readonly externalSender: Buffer }
}

export function castOf(options: CastOptions): Cast {
  const { maker, randomness, nowMs, names } = options
  const actor: Cast['actor'] = (provider, name, { pseudonymous = options.pseudonymous } = {}) => {
    const user = `mimi://${provider}/u/${maker.word(name)}`
    const signer = signatureKeyPair(suite, randomness(32))
    const client = `mimi://${provider}/d/${maker.word(`${name}-client`)}`
    const shown = { user, client, publicKey: signer.publicKey, randomness }
    const credential: Credential = pseudonymous
      ? pseudonymousCredential(shown)
      : { kind: 'basic', identity: Buffer.from(user) }
    return { provider, user, identity: { signer, credential } }
  }
  const keyPackage: Cast['keyPackage'] = ({ identity }, mark) =>
    createKeyPackage(suite, identity, {
      nowMs,
      randomness,
      ...(mark === undefined ? {} : { leafExtensions: [{ type: MARK, data: mark }] }),
    })
  const alice = actor(names.self, 'alice')
  const bob = actor(names.peer, 'bob')
  const bea = actor(names.peer, 'bea')
  const cathy = actor(names.third, 'cathy')
  const found = (name: string) => founding(options, { name, alice, own: keyPackage(alice) })
  const open = found('open')
  const arriving = [bob, bea, cathy].map((one) => ({ one, own: keyPackage(one) }))
  const { arrival, joined } = arrive(open.group, arriving)
  const [bobs, beas] = joined
  if (bobs === undefined || beas === undefined) throw new TypeError('expected members')
  return {
    maker,
    randomness,
    nowMs,
    names,
    pseudonymous: options.pseudonymous,
    alice,
    bob,
    bea,
    cathy,
    open,
    closed: found('closed'),
    arrival,
    actor,
    keyPackage,
    groups: { alice: open.group, bob: bobs, bea: beas },
  }
}

/** An AppDataUpdate that gives a room another name. */
export function renaming(room: string, roomName: string): Proposal {
  const update = encode(roomMetaDataCodec, {
    roomUri: room,
    roomName,
    roomDescriptions: [],
    roomAvatar: '',
    roomSubject: '',
    roomMood: '',
  })
  const operation = { kind: 'update', update } as const
  return { kind: 'app-data-update', componentId: componentIds.roomMetadata, operation }
}

interface Shown {
  readonly user: string
  readonly client: string
  readonly publicKey: Buffer
  readonly randomness: Randomness
}

/** Nobody opens its link, so there is none behind it. */
function pseudonymousCredential({ user, client, publicKey, randomness }: Shown): Credential {
  return {
    kind: 'pseudonymous',
    clientPseudonym: Buffer.from(client),
    userPseudonym: Buffer.from(user),
    signaturePublicKey: publicKey,
    identityLinkCiphertext: randomness(LINK_BYTES),
  }
}

interface Founder {
  readonly name: string
  readonly alice: Actor
  readonly own: OwnKeyPackage
}

function founding(options: CastOptions, { name, alice, own }: Founder): Founding {
  const { maker, names, pseudonymous, hubKeys, randomness } = options
  const word = maker.word(`room-${name}`)
  const room = `mimi://${names.self}/r/${word}`
  const extensions = roomExtensions({
    room,
    // Its name is in no bytes but those of the scenarios.
    name: '',
    pseudonymous,
    participants: [{ user: alice.user, roleIndex: roles.admin }],
    frankingAgent: hubKeys.frankingAgent,
    externalSender: decode(externalSenderCodec, hubKeys.externalSender),
  })
  const groupId = Buffer.from(`mimi://${names.self}/g/${word}`)
  const group = createGroup(suite, { groupId, extensions, keyPackage: own, randomness })
  const document = {
    suite: options.suite,
    groupInfo: encode(groupInfoCodec, group.groupInfo()).toString('base64'),
    ratchetTree: group.ratchetTree().toString('base64'),
  }
  return { room, group, body: Buffer.from(JSON.stringify(document)) }
}

interface Arriving {
  readonly one: Actor
  readonly own: OwnKeyPackage
}

function arrive(group: MlsGroup, arriving: readonly Arriving[]) {
  const participants = arriving.map(({ one }) => ({ user: one.user, roleIndex: roles.member }))
  const adds = arriving.map(({ own }): Proposal => ({ kind: 'add', keyPackage: own.keyPackage }))
  const staged = group.commit({ proposals: [addParticipants(participants), ...adds] })
  group.applyPendingCommit()
  const { welcome } = staged
  if (welcome === undefined) throw new TypeError('expected a welcome')
  const joined = arriving.map(({ own }) => {
    const opened = openWelcome(welcome, (reference) =>
      reference.equals(own.reference) ? own : undefined,
    )
    return joinGroup(opened, staged.ratchetTree)
  })
  return { arrival: commitRequest(staged), joined }
}

/** A private-use extension type, for marks in KeyPackages that enter no group. */
const MARK = 0xf0c1
const LINK_BYTES = 96
