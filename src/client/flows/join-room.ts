import { decode } from '../../wire/codec.ts'
import { mlsMessageCodec } from '../../wire/mls/message.ts'
import { roomMetaDataCodec } from '../../wire/mimi/room-metadata.ts'
import { componentData, componentIds } from '../../wire/mls/app-data.ts'
import type { Extension } from '../../wire/mls/extension.ts'
import { authenticatedContentBytes } from '../../wire/mls/framing.ts'
import { proposalRef } from '../../wire/mls/key-package-ref.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import type { Welcome } from '../../wire/mls/welcome.ts'
import { ClientError, demand } from '../errors.ts'
import { basicIdentity } from '../identity/account.ts'
import { IdentityLinks, wrapperKeyOf } from '../identity/identity-links.ts'
import { identityLinkKey, pseudonymousIdentity } from '../identity/pseudonym.ts'
import type { PublishedRoom } from '../mimi/group-info.ts'
import { addParticipants } from '../mimi/participant-changes.ts'
import { demandAcceptedSuite } from '../mimi/metadata-suites.ts'
import { roles } from '../mimi/room-extensions.ts'
import { verifyFramedContent } from '../mls/content-signature.ts'
import { appDataDictionary, participantsOf } from '../mls/dictionary.ts'
import type { PublicEpoch, QueuedProposal } from '../mls/epoch.ts'
import type { LeafIdentity } from '../mls/key-package.ts'
import { MlsGroup } from '../mls/mls-group.ts'
import { joinExternally, joinGroup } from '../mls/open-group.ts'
import { verifierKey } from '../mls/proposal-sender.ts'
import { userOf } from '../mls/user-of.ts'
import { openWelcome } from '../mls/welcome.ts'
import { linkAad, roomGroupInfo, sendCommit, type ChangeOutcome } from './change-room.ts'
import type { ClientRoom, ClientState } from './client-state.ts'
import { fetchGroup } from './fetch-group.ts'

/**
 * Joins by a Welcome for one of our KeyPackages, which it uses up. Throws `welcome-not-for-us`,
 * `invalid-welcome`, `suite-not-accepted` and what `joinFromWelcome` throws.
 */
export function joinFromWelcome(
  state: ClientState,
  { room: uri, welcome, ratchetTree }: { room: string; welcome: Welcome; ratchetTree: Buffer },
): ClientRoom {
  const opened = openWelcome(welcome, (reference) =>
    state.keyPackages.get(reference.toString('hex')),
  )
  demandAcceptedSuite(state.acceptedSuites, opened.groupInfo.groupContext.extensions)
  const group = joinGroup(opened, ratchetTree, state.randomness)
  demand(roomUriOf(group.context.extensions) === uri, 'invalid-welcome')
  const { credential } = opened.keyPackage.identity
  const participant = userOf(credential)
  if (participant === undefined) throw new ClientError('invalid-welcome')
  const links = linksFromWelcome(state, group, opened.groupInfo.extensions)
  demand(credential.kind !== 'pseudonymous' || links !== undefined, 'invalid-welcome')
  const room = { uri, group, links, participant }
  state.keyPackages.delete(opened.keyPackage.reference.toString('hex'))
  state.rooms.set(uri, room)
  return room
}

export type JoinOutcome = ChangeOutcome | { readonly kind: 'no-such-room' }

/**
 * Joins by an external commit: as another client of a participant, or, where the room lets everybody
 * in, as a new participant. A pseudonymous room needs the RoomSecret of an existing client.
 * Throws `suite-not-accepted`.
 */
export async function joinByExternalCommit(
  state: ClientState,
  uri: string,
  { roleIndex = roles.member }: { roleIndex?: number } = {},
): Promise<JoinOutcome> {
  const { randomness, leafExtensions } = state
  const { identity, links, participant } = joiningIdentity(state, uri)
  const fetched = await fetchGroup(state, uri, identity)
  if (fetched.kind !== 'published') return fetched
  const { room: published } = fetched
  const { epoch, groupInfo } = published
  demandAcceptedSuite(state.acceptedSuites, epoch.groupContext.extensions)
  demand(roomUriOf(epoch.groupContext.extensions) === uri, 'invalid-group-info')
  const leaves = epoch.tree.leaves().map(({ leaf }) => leaf)
  links?.learnFromGroupInfo(groupInfo.extensions, leaves)
  const staged = joinExternally(
    epoch,
    { groupInfo, identity },
    {
      proposals: participantAddition(epoch, { user: participant, roleIndex }),
      pending: selfRemoves(published),
      authenticatedData: joinAad(links, identity),
      groupInfoExtensions: roomGroupInfo(links),
      randomness,
      leafExtensions,
    },
  )
  const outcome = await sendCommit(state, uri, staged)
  if (outcome.kind === 'accepted') {
    const group = new MlsGroup(staged.next, randomness)
    state.rooms.set(uri, { uri, group, links, participant })
  }
  return outcome
}

function linksFromWelcome(
  { suite }: ClientState,
  group: MlsGroup,
  extensions: readonly Extension[],
): IdentityLinks | undefined {
  const wrapperKey = wrapperKeyOf(extensions)
  if (wrapperKey === undefined) return undefined
  const links = new IdentityLinks(suite, wrapperKey)
  const leaves = group.members.map(({ leaf }) => leaf)
  links.learnFromGroupInfo(extensions, leaves)
  return links
}

function joiningIdentity({ account, roomSecrets, suite, randomness }: ClientState, uri: string) {
  const secret = roomSecrets.get(uri)
  if (secret === undefined)
    return { identity: basicIdentity(account), links: undefined, participant: account.user }
  const identity = pseudonymousIdentity(account, secret.userPseudonym, randomness)
  const { credential } = identity
  const links = new IdentityLinks(suite, secret.wrapperKey)
  links.learn(credential, identityLinkKey(suite, account.connectionKey, credential))
  return { identity, links, participant: secret.userPseudonym }
}

function participantAddition(
  { groupContext }: PublicEpoch,
  entry: { user: string; roleIndex: number },
): Proposal[] {
  const participants = participantsOf(groupContext.extensions)
  return participants.some(({ user }) => user === entry.user) ? [] : [addParticipants([entry])]
}

/** The link key of the joiner alone, in the item that adders use. */
function joinAad(links: IdentityLinks | undefined, { credential }: LeafIdentity): Buffer {
  return linkAad(links, [{ credential }])
}

/** Of what waits at the hub, an external commit carries the SelfRemoves only. */
function selfRemoves({ epoch, pendingProposals }: PublishedRoom): QueuedProposal[] {
  return pendingProposals.flatMap((bytes) => {
    const message = decode(mlsMessageCodec, bytes)
    if (message.kind !== 'public') return []
    const { content, signature, confirmationTag } = message.publicMessage
    const { sender } = content
    if (content.content.kind !== 'proposal') return []
    const { proposal } = content.content
    if (proposal.kind !== 'self-remove') return []
    const authenticated = { wireFormat: 1, content, signature, confirmationTag } as const
    verifyFramedContent(epoch, verifierKey(epoch, sender, proposal), authenticated)
    const reference = proposalRef(epoch.suite, authenticatedContentBytes(authenticated))
    return [{ proposal, sender, reference }]
  })
}

/** The room that a group says it belongs to. */
function roomUriOf(extensions: readonly Extension[]): string | undefined {
  const data = componentData(appDataDictionary(extensions), componentIds.roomMetadata)
  return data && decode(roomMetaDataCodec, data).roomUri
}
