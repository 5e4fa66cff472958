import type { Form } from '../src/model/metadata.ts'
import { decode } from '../src/wire/codec.ts'
import type { FanoutMessage } from '../src/wire/mimi/fanout.ts'
import { updateRequestCodec, updateRoomResponseCodec } from '../src/wire/mimi/update.ts'
import { componentIds } from '../src/wire/mls/app-data.ts'
import type { LeafNode } from '../src/wire/mls/leaf-node.ts'
import { mlsMessageCodec } from '../src/wire/mls/message.ts'
import type { Proposal } from '../src/wire/mls/proposal.ts'
import { doneBody } from './crossed.ts'
import { mostExposing, type Eye } from './eye.ts'
import type { Crossing } from './recording.ts'
import {
  answerSighting,
  arrival,
  network,
  peerDomain,
  requestSighting,
  stamp,
  type Seen,
  type Sighting,
} from './sighting.ts'

/** update: commit, GroupInfo, tree and Welcome to the hub, its answer to the committer's provider. */
export function sightUpdate(crossing: Crossing, eye: Eye): readonly Sighting[] {
  const bundle = decode(updateRequestCodec, crossing.body)
  const isCommit = bundle.kind === 'commit'
  const request = requestSighting(crossing, 'hub', [
    peerDomain,
    ...handshakeFields(bundle.proposalOrCommit.bytes, eye),
    arrival,
    network(crossing),
    ...(isCommit ? groupFields(crossing.body, eye) : []),
  ])
  const body = doneBody(crossing)
  if (body === undefined) return [request]
  const answer = decode(updateRoomResponseCodec, body)
  const text: Seen = {
    field: 'error.detail',
    form: answer.errorDescription === '' ? 'absent' : 'exact',
  }
  const time = answer.responseCode === 'success' ? [stamp(answer.acceptedTimestamp)] : []
  return [request, answerSighting(crossing, 'follower', [peerDomain, ...time, text])]
}

/** notify with a commit, proposals or a Welcome. */
export function sightChange(
  crossing: Crossing,
  fanout: Exclude<FanoutMessage, { kind: 'application' }>,
  eye: Eye,
): readonly Sighting[] {
  const seen =
    fanout.kind === 'welcome'
      ? welcomeFields(crossing, eye)
      : handshakeFields(fanout.message.bytes, eye)
  const description: Seen = {
    field: 'room.description',
    form: eye.showsRoomName(crossing.body) ? 'exact' : 'absent',
  }
  return [
    requestSighting(crossing, 'follower', [
      peerDomain,
      ...seen,
      description,
      arrival,
      stamp(fanout.timestamp),
      network(crossing),
    ]),
  ]
}

/** What a PublicMessage shows of who changes what. */
function handshakeFields(bytes: Buffer, eye: Eye): readonly Seen[] {
  const message = decode(mlsMessageCodec, bytes)
  if (message.kind !== 'public') return []
  const { content } = message.publicMessage
  const proposals = proposalsOf(content.content)
  const path = content.content.kind === 'commit' ? content.content.commit.path : undefined
  const added = proposals.flatMap((proposal) =>
    proposal.kind === 'add' ? [proposal.keyPackage.leafNode] : [],
  )
  const leaves = path === undefined ? added : [path.leafNode, ...added]
  const changesRoles = proposals.some(
    (proposal) =>
      proposal.kind === 'app-data-update' && proposal.componentId === componentIds.participantList,
  )
  const author: Form = path === undefined ? LEAF_INDEX : eye.userForm(path.leafNode.credential)
  return [
    { field: 'room.id', form: 'exact' },
    { field: 'group.epoch', form: 'exact' },
    { field: 'message.kind', form: 'exact' },
    { field: 'message.size', form: 'exact' },
    { field: 'participants.changes', of: 'who commits', form: author },
    ...comings(added, eye),
    ...(proposals.some(({ kind }) => kind === 'remove') ? goings(bytes, eye) : []),
    ...(path === undefined ? [] : clientOf(path.leafNode, eye)),
    ...(leaves.length === 0 ? [] : leafFields),
    ...(changesRoles ? [{ field: 'room.policy', of: 'roles', form: 'exact' } as const] : []),
  ]
}

function comings(added: readonly LeafNode[], eye: Eye): readonly Seen[] {
  if (added.length === 0) return []
  const form = mostExposing(added.map(({ credential }) => eye.userForm(credential)))
  return [{ field: 'participants.changes', of: 'who comes', form }]
}

/** A Remove names a leaf by its index: whoever has the roster knows the rest. */
function goings(bytes: Buffer, eye: Eye): readonly Seen[] {
  const roster = eye.usersIn(bytes)
  const form = roster === 'absent' ? LEAF_INDEX : roster
  return [{ field: 'participants.changes', of: 'who goes', form }]
}

function clientOf({ credential }: LeafNode, eye: Eye): readonly Seen[] {
  return [{ field: 'sender.client', form: eye.clientForm(credential) }]
}

/** GroupInfo and tree: the state of the group but for its secrets. */
function groupFields(body: Buffer, eye: Eye): readonly Seen[] {
  return [
    { field: 'participants.list', form: eye.usersIn(body) },
    { field: 'room.description', form: eye.showsRoomName(body) ? 'exact' : 'absent' },
    { field: 'room.policy', of: 'roles', form: 'exact' },
  ]
}

/** The Welcome itself is sealed; the tree beside it is not. */
function welcomeFields({ body }: Crossing, eye: Eye): readonly Seen[] {
  return [
    { field: 'room.id', form: 'exact' },
    { field: 'message.kind', form: 'exact' },
    { field: 'message.size', form: 'exact' },
    { field: 'participants.list', form: eye.usersIn(body) },
    ...leafFields,
  ]
}

function proposalsOf(
  content:
    | { readonly kind: 'application' }
    | { readonly kind: 'proposal'; readonly proposal: Proposal }
    | {
        readonly kind: 'commit'
        readonly commit: {
          readonly proposals: readonly (
            | { readonly kind: 'proposal'; readonly proposal: Proposal }
            | { readonly kind: 'reference' }
          )[]
        }
      },
): readonly Proposal[] {
  if (content.kind === 'application') return []
  if (content.kind === 'proposal') return [content.proposal]
  return content.commit.proposals.flatMap((item) =>
    item.kind === 'proposal' ? [item.proposal] : [],
  )
}

const leafFields: readonly Seen[] = [
  { field: 'client.list', form: 'exact' },
  { field: 'client.capabilities', form: 'exact' },
]

/** A leaf's index is a name that holds in one room. */
const LEAF_INDEX: Form = 'pseudonym-room'
