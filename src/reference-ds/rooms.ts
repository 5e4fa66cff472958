import { blobColumn, numberColumn } from '../sqlite/row.ts'
import type { Store } from '../sqlite/store.ts'
import { decode } from '../wire/codec.ts'
import { participantListDataCodec } from '../wire/mimi/participant-list.ts'
import { roleCapabilities } from '../wire/mimi/role-capabilities.ts'
import { roleDataCodec } from '../wire/mimi/room-policy.ts'
import {
  appDataDictionaryCodec,
  componentData,
  componentIds,
  type AppDataDictionary,
} from '../wire/mls/app-data.ts'
import { cipherSuite, type CipherSuite } from '../wire/mls/cipher-suite.ts'
import { extensionData, extensionTypes } from '../wire/mls/extension.ts'
import { groupInfoCodec, type GroupInfo } from '../wire/mls/group-info.ts'
import { parseMimiUri, uriDomain } from '../model/ids.ts'
import { bannedIn } from './sanctioned.ts'
import { DsProblem } from './problems.ts'

/** What a GroupInfo says about its room. */
export interface Group {
  readonly groupId: Buffer
  readonly epoch: bigint
  readonly ciphersuite: CipherSuite
  /** Role index by user (URI or pseudonym), in the order of the participant list. */
  readonly participants: ReadonlyMap<string, number>
  /** Whether its roles let everybody in who is not in the list; with which role is the gateway's to check. */
  readonly isOpen: boolean
}

/** A room of which we are the hub. */
export interface RoomState extends Group {
  readonly room: string
  /** The time of the newest event that was accepted, ms. Never goes back. */
  readonly acceptedMs: number
  /** The number of the newest event: 0 for a new room. */
  readonly sequence: number
  /** Whom the gateway has banned. */
  readonly banned: ReadonlySet<string>
}

/** The rooms of which we are the hub, the ones in use kept decoded. */
export class Rooms {
  private readonly store: Store
  private readonly known = new Map<string, RoomState>()

  constructor(store: Store) {
    this.store = store
  }

  /** An active room, or undefined. */
  get(room: string): RoomState | undefined {
    return this.known.get(room) ?? this.load(room)
  }

  /** The newest GroupInfo struct, and the tree without its length prefix. */
  group(room: string): { groupInfo: Buffer; ratchetTree: Buffer } {
    const row = this.store.get('SELECT group_info, ratchet_tree FROM ds_groups WHERE room = ?', [
      room,
    ])
    if (row === undefined) throw new DsProblem('room-unknown')
    return {
      groupInfo: blobColumn(row, 'group_info'),
      ratchetTree: blobColumn(row, 'ratchet_tree'),
    }
  }

  /** INVARIANT: called only once `state` is durable. */
  remember(state: RoomState): void {
    if (this.known.size >= ROOMS_KEPT_MAX) this.known.clear()
    this.known.set(state.room, state)
  }

  /** Reads the bans of a room anew. INVARIANT: nothing else works on the room. */
  changeBans(room: string): void {
    const state = this.known.get(room)
    if (state !== undefined) this.remember({ ...state, banned: bannedIn(this.store, room) })
  }

  private load(room: string): RoomState | undefined {
    const row = this.store.get(
      `SELECT r.accepted_ms, r.sequence, g.group_info FROM ds_rooms r JOIN ds_groups g USING (room)
       WHERE r.room = ? AND r.state = 'active'`,
      [room],
    )
    if (row === undefined) return undefined
    const state = {
      ...readGroup(decode(groupInfoCodec, blobColumn(row, 'group_info'))),
      room,
      acceptedMs: numberColumn(row, 'accepted_ms'),
      sequence: numberColumn(row, 'sequence'),
      banned: bannedIn(this.store, room),
    }
    this.remember(state)
    return state
  }
}

/** Throws `invalid-group-info` where it has no participant list or a suite that is not known. */
export function readGroup({ groupContext }: GroupInfo): Group {
  const data = extensionData(groupContext.extensions, extensionTypes.appDataDictionary)
  const dictionary = data === undefined ? undefined : decode(appDataDictionaryCodec, data)
  const list = dictionary && componentData(dictionary, componentIds.participantList)
  const ciphersuite = cipherSuite(groupContext.cipherSuite)
  if (list === undefined || ciphersuite === undefined) throw new DsProblem('invalid-group-info')
  const { participants } = decode(participantListDataCodec, list)
  for (const { user } of participants) parseMimiUri(user, 'user')
  return {
    groupId: Buffer.from(groupContext.groupId),
    epoch: groupContext.epoch,
    ciphersuite,
    participants: new Map(participants.map(({ user, roleIndex }) => [user, roleIndex])),
    isOpen: dictionary !== undefined && letsEverybodyIn(dictionary),
  }
}

/** draft-ietf-mimi-room-policy-03 §8.1.1 */
function letsEverybodyIn(dictionary: AppDataDictionary): boolean {
  const data = componentData(dictionary, componentIds.rolesList)
  if (data === undefined) return false
  const nobody = decode(roleDataCodec, data).roles.find(({ roleIndex }) => roleIndex === ROLE_NONE)
  return nobody?.roleCapabilities.includes(roleCapabilities.canOpenJoin) === true
}

/** Whether the user, for which `origin` speaks, may join an open room: one that is not in the list. */
export function mayJoin(
  { isOpen, participants, banned }: RoomState,
  user: string | undefined,
  origin: string,
): user is string {
  if (user === undefined || !isOpen || participants.has(user) || banned.has(user)) return false
  return domainOf(user) === origin
}

/** Whether this user may take part now: it is in the list, and not with a role that forbids everything. */
export function isActive({ participants }: Group, user: string): boolean {
  return (participants.get(user) ?? ROLE_NONE) > ROLE_BANNED
}

/** The providers of all users who may take part. */
export function activeProviders(group: Group): ReadonlySet<string> {
  const active = [...group.participants.keys()].filter((user) => isActive(group, user))
  return new Set(active.map(domainOf))
}

/** The provider of a user's URI or pseudonym. Throws `invalid-uri`. */
export function domainOf(user: string): string {
  return uriDomain(parseMimiUri(user, 'user'))
}

/** Role indices with a fixed meaning. draft-ietf-mimi-room-policy: no role, banned */
const ROLE_NONE = 0
const ROLE_BANNED = 1
/** Rooms that stay decoded. */
const ROOMS_KEPT_MAX = 1_000
