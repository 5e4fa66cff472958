import { parseMimiUri, uriDomain } from '../../model/ids.ts'
import { encode } from '../../wire/codec.ts'
import type { ComponentData } from '../../wire/mls/app-data.ts'
import { groupInfoCodec } from '../../wire/mls/group-info.ts'
import type { HubKeys } from '../ds-connection.ts'
import { basicIdentity } from '../identity/account.ts'
import { IdentityLinks } from '../identity/identity-links.ts'
import {
  createUserPseudonym,
  identityLinkKey,
  pseudonymousIdentity,
} from '../identity/pseudonym.ts'
import { pinComponent, type PinMode } from '../mimi/metadata-suites.ts'
import { policyComponents, type RoomPolicyOptions } from '../mimi/room-policy.ts'
import { roles, roomExtensions } from '../mimi/room-extensions.ts'
import { createKeyPackage, type LeafIdentity } from '../mls/key-package.ts'
import { createGroup } from '../mls/open-group.ts'
import { roomGroupInfo } from './change-room.ts'
import type { ClientRoom, ClientState } from './client-state.ts'

export interface NewRoom {
  /** `mimi://<our provider>/r/<id>` */
  readonly room: string
  /** Left out with `bare-minimum`, which shows no hub the name of a room. */
  readonly name: string
  /** The metadata suite; with `moderated-pseudonyms` and `bare-minimum` all members hide their users. */
  readonly suite: string
  /** Overrides what the suite's name says. */
  readonly pseudonymous?: boolean
  /** Whether the group itself pins the suite; `strict` unless given. */
  readonly pin?: PinMode
  /** The room's policy, made with the hub's keys; without one the default roles hold. */
  readonly policy?: (hub: HubKeys) => RoomPolicyOptions
  /** Our own role; admin of the default roles unless given. */
  readonly roleIndex?: number
  /** More GroupContext components. */
  readonly components?: readonly ComponentData[]
}

/**
 * Creates a room at our own provider, with us as its admin and only member. Throws
 * `suite-not-accepted` where it is to pin a suite that we do not know.
 */
export async function createRoom(state: ClientState, options: NewRoom): Promise<ClientRoom> {
  const { account, suite, provider, randomness, clock, leafExtensions } = state
  const uri = parseMimiUri(options.room, 'room')
  const pseudonymous = options.pseudonymous ?? pseudonymousSuites.has(options.suite)
  const hub = await provider.hubKeys(suite.code)
  const links = pseudonymous ? IdentityLinks.create(suite, randomness) : undefined
  const { identity, participant } = ownIdentity(state, links)
  const extensions = roomExtensions({
    room: uri,
    name: nameless.has(options.suite) ? '' : options.name,
    pseudonymous,
    participants: [{ user: participant, roleIndex: options.roleIndex ?? roles.admin }],
    ...hub,
    components: [
      ...policyComponents(options.policy?.(hub) ?? {}),
      ...pinOf(state, options),
      ...(options.components ?? []),
    ],
    requiresPin: options.pin !== 'vouched',
  })
  const group = createGroup(suite, {
    groupId: Buffer.from(`mimi://${uriDomain(account.user)}/g/${uri.split('/').at(-1) ?? ''}`),
    extensions,
    keyPackage: createKeyPackage(suite, identity, {
      nowMs: clock(),
      randomness,
      leafExtensions,
    }),
    randomness,
  })
  const { published } = roomGroupInfo(links)(group.current)
  await provider.createRoom(uri, {
    suite: options.suite,
    groupInfo: encode(groupInfoCodec, group.groupInfo(published)),
    ratchetTree: group.ratchetTree(),
  })
  const room = { uri, group, links, participant }
  state.rooms.set(uri, room)
  return room
}

function pinOf({ metadataSuites }: ClientState, { pin, suite }: NewRoom): ComponentData[] {
  return pin === 'none' ? [] : [pinComponent(metadataSuites, suite)]
}

/** Who we are in a new room; in a pseudonymous one under a pseudonym that is used nowhere else. */
function ownIdentity(
  { account, suite, randomness }: ClientState,
  links: IdentityLinks | undefined,
): { identity: LeafIdentity; participant: string } {
  if (links === undefined) return { identity: basicIdentity(account), participant: account.user }
  const participant = createUserPseudonym(account, randomness)
  const identity = pseudonymousIdentity(account, participant, randomness)
  const { credential } = identity
  links.learn(credential, identityLinkKey(suite, account.connectionKey, credential))
  return { identity, participant }
}

/** Suites under which no hub may see a name: rooms have it in their messages only. */
const nameless: ReadonlySet<string> = new Set(['bare-minimum'])
const pseudonymousSuites: ReadonlySet<string> = new Set(['bare-minimum', 'moderated-pseudonyms'])
