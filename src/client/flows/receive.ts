import { decode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import type { MimiContent } from '../../wire/cbor/mimi-content.ts'
import { consentEntryCodec } from '../../wire/mimi/consent.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../../wire/mimi/fanout.ts'
import { componentIds } from '../../wire/mls/app-data.ts'
import type { PrivateMessage, PublicMessage } from '../../wire/mls/framing.ts'
import { mlsMessageCodec } from '../../wire/mls/message.ts'
import { safeAadCodec } from '../../wire/mls/safe-aad.ts'
import type { ProviderEvent } from '../ds-connection.ts'
import { ClientError, isRefusal } from '../errors.ts'
import { checkMessage } from '../mimi/franked-message.ts'
import { withLengthPrefix } from '../mimi/handshake.ts'
import type { CommitSummary } from '../mls/process-commit.ts'
import type { GroupChanges } from '../mls/proposals.ts'
import type { ClientEvent, Person } from './client-event.ts'
import {
  describe,
  roomIdentity,
  roomOf,
  type ClientRoom,
  type ClientState,
} from './client-state.ts'
import { learnFromGrant } from './consent.ts'
import { joinFromWelcome } from './join-room.ts'
import { adviceOf } from './moderation.ts'
import { reportNoticeOf } from './report-notice.ts'
import { noteTokenKeys } from './take-up-token-keys.ts'

/** What one event of our provider means. Whatever is wrong with it becomes an event of its own. */
export function receiveEvent(state: ClientState, event: ProviderEvent): readonly ClientEvent[] {
  const room = event.kind === 'consent' ? '' : event.room
  try {
    switch (event.kind) {
      case 'fanout':
        return receiveFanout(state, event.room, decode(fanoutMessageCodec, event.body))
      case 'consent':
        return receiveConsent(state, event.body)
      case 'report-notice':
        return [reportNoticeOf(event.room, event.body)]
    }
  } catch (error) {
    if (isRefusal(error)) return [{ kind: 'refused', room, code: error.code }]
    if (error instanceof WireError) return [{ kind: 'refused', room, code: 'malformed' }]
    throw error
  }
}

function receiveConsent(state: ClientState, body: Buffer): readonly ClientEvent[] {
  const entry = decode(consentEntryCodec, body)
  learnFromGrant(state, entry)
  return [{ kind: 'consent', entry }]
}

function receiveFanout(
  state: ClientState,
  uri: string,
  fanout: FanoutMessage,
): readonly ClientEvent[] {
  const message = decode(mlsMessageCodec, fanout.message.bytes)
  if (fanout.kind === 'welcome' && message.kind === 'welcome') {
    if (fanout.ratchetTreeOption.representation !== 'full') throw new ClientError('invalid-welcome')
    const ratchetTree = withLengthPrefix(fanout.ratchetTreeOption.ratchetTree)
    const room = joinFromWelcome(state, { room: uri, welcome: message.welcome, ratchetTree })
    return [{ kind: 'joined', room: uri, epoch: room.group.context.epoch }]
  }
  const room = roomOf(state, uri)
  if (!room.group.isMember) return []
  if (message.kind === 'private' && fanout.kind === 'application')
    return receiveApplication(state, room, { fanout, message: message.privateMessage })
  if (message.kind !== 'public') throw new ClientError('wrong-message-kind')
  if (fanout.kind === 'commit')
    return [
      ...receiveCommit(state, room, message.publicMessage),
      ...receiveMore(state, room, fanout.externalProposals),
    ]
  if (fanout.kind !== 'proposal') throw new ClientError('wrong-message-kind')
  return [
    ...receiveProposal(state, room, message.publicMessage),
    ...receiveMore(state, room, fanout.moreProposals),
  ]
}

function receiveApplication(
  state: ClientState,
  room: ClientRoom,
  {
    fanout,
    message,
  }: {
    fanout: Extract<FanoutMessage, { kind: 'application' }>
    message: PrivateMessage
  },
): readonly ClientEvent[] {
  const received = room.group.unprotect(message)
  const { timestamp, frank } = fanout
  const check = checkMessage(received, { roomUri: room.uri, timestamp, frank })
  if (check.kind === 'faulty')
    return [{ kind: 'message-refused', room: room.uri, fault: check.fault }]
  const { content, messageId, evidence } = check
  return [
    {
      kind: 'message',
      room: room.uri,
      sender: describe(state, room, received.leaf.credential),
      messageId,
      content,
      text: textOf(content),
      acceptedTimestampMs: Number(timestamp),
      evidence,
    },
  ]
}

function receiveCommit(
  state: ClientState,
  room: ClientRoom,
  message: PublicMessage,
): readonly ClientEvent[] {
  if (isOurs(room, message)) return receiveOwnCommit(state, room, message)
  const outcome = room.group.receiveCommit(message)
  const { summary } = outcome
  learnLinks(room, summary)
  const by = describe(state, room, summary.committerLeaf.credential)
  if (outcome.kind === 'removed') return [{ kind: 'removed', room: room.uri, by }]
  return [roomChange(state, room, { by, changes: summary.changes })]
}

/** Our own commit can come back where its answer was lost: then it is the hub's word that it counts. */
function receiveOwnCommit(
  state: ClientState,
  room: ClientRoom,
  message: PublicMessage,
): readonly ClientEvent[] {
  const { group } = room
  const isStaged = group.pendingCommit?.message.signature.equals(message.signature) === true
  if (!isStaged && message.content.epoch < group.context.epoch) return []
  if (!isStaged) throw new ClientError('invalid-commit')
  const { changes } = group.applyPendingCommit()
  const by = describe(state, room, roomIdentity(room).credential)
  return [roomChange(state, room, { by, changes })]
}

function roomChange(
  state: ClientState,
  room: ClientRoom,
  { by, changes }: { by: Person; changes: GroupChanges },
): ClientEvent {
  const { added, removed, ephemerals } = changes
  return {
    kind: 'room-changed',
    room: room.uri,
    epoch: room.group.context.epoch,
    by,
    added: added.map(({ leaf }) => describe(state, room, leaf.credential)),
    removed: removed.map(({ leaf }) => describe(state, room, leaf.credential)),
    participants: room.group.participants,
    ephemerals,
  }
}

function receiveProposal(
  state: ClientState,
  room: ClientRoom,
  message: PublicMessage,
): readonly ClientEvent[] {
  const queued = room.group.receiveProposal(message)
  noteTokenKeys(state, room, queued)
  const { proposal, sender } = queued
  const { current } = room.group
  const leaf = sender.kind === 'member' ? current.tree.leaf(sender.leafIndex) : undefined
  const by = leaf && describe(state, room, leaf.credential)
  const received = { kind: 'proposal', room: room.uri, proposal: proposal.kind, by } as const
  const advice = adviceOf(room.uri, current, queued)
  return advice === undefined ? [received] : [received, advice]
}

function receiveMore(
  state: ClientState,
  room: ClientRoom,
  messages: readonly { readonly bytes: Buffer }[],
): readonly ClientEvent[] {
  return messages.flatMap(({ bytes }) => {
    const message = decode(mlsMessageCodec, bytes)
    if (message.kind !== 'public') throw new ClientError('wrong-message-kind')
    return receiveProposal(state, room, message.publicMessage)
  })
}

/**
 * The link keys of those whom a commit has brought in. The commit counts already: AAD that is not what
 * it should be leaves its members unresolved.
 */
function learnLinks({ links }: ClientRoom, { changes, authenticatedData }: CommitSummary): void {
  if (links === undefined || authenticatedData.length === 0) return
  const leaves = changes.added.map(({ leaf }) => leaf)
  try {
    const { aadItems } = decode(safeAadCodec, authenticatedData)
    const item = aadItems.find(({ componentId }) => componentId === componentIds.identityLinkAdd)
    if (item !== undefined) links.learnFromAddAad(item.data, leaves)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
}

function isOurs({ group }: ClientRoom, { content }: PublicMessage): boolean {
  const { sender } = content
  return (
    sender.kind === 'member' &&
    content.epoch <= group.context.epoch &&
    sender.leafIndex === group.ownLeafIndex
  )
}

function textOf({ body }: MimiContent): string | undefined {
  if (body.cardinality !== 'single' || !body.contentType.startsWith('text/')) return undefined
  return body.content.toString('utf8')
}
