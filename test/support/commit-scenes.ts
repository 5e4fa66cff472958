import { roomGroupInfo } from '../../src/client/flows/change-room.ts'
import { addParticipants } from '../../src/client/mimi/participant-changes.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { stageHandshake, type RoomEntry } from '../../src/rooms/staged-update.ts'
import { keyPackageOf } from './mls-members.ts'
import { externalCommit, people, policedRoom, type PolicedRoom } from './policed-rooms.ts'
import { commitHandshake, proposalsHandshake, type CommitHandshake } from './rooms.ts'

/** A room, a commit that it accepts, and who made it; undefined for a client that joins by it. */
export interface CommitScene {
  readonly name: string
  readonly entry: RoomEntry
  readonly handshake: CommitHandshake
  readonly committer: MlsGroup | undefined
}

const groupInfoExtensions = roomGroupInfo(undefined)
const newcomer = 'mimi://f.example/u/frank'

/** One commit of each kind, in rooms with roles. */
export function commitScenes(): readonly CommitScene[] {
  return [
    scene('update', () => []),
    scene('add', () => [
      addParticipants([{ user: newcomer, roleIndex: 2 }]),
      { kind: 'add', keyPackage: keyPackageOf(newcomer).keyPackage },
    ]),
    scene('remove', (room) => [
      room.change('dave', 0),
      { kind: 'remove', removed: room.indexOf('dave') },
    ]),
    scene('role', (room) => [room.change('carol', 3)]),
    byReference(),
    external(),
  ]
}

function newRoom(): PolicedRoom {
  return policedRoom({ alice: 4, bob: 3, carol: 2, dave: 2, erin: 2 })
}

function scene(
  name: string,
  proposals: (room: PolicedRoom) => Parameters<PolicedRoom['commit']>[1],
): CommitScene {
  const room = newRoom()
  const alice = room.member('alice')
  const staged = alice.commit({ proposals: proposals(room), groupInfoExtensions })
  const handshake = commitHandshake(staged)
  return { name, entry: room.entry, handshake, committer: alice }
}

function byReference(): CommitScene {
  const room = newRoom()
  const messages = [
    room.member('carol').propose({ kind: 'self-remove' }),
    room.member('bob').proposeUpdate(),
  ]
  const { after: entry } = stageHandshake(room.entry, proposalsHandshake(...messages))
  const alice = room.member('alice')
  for (const message of messages) alice.receiveProposal(message)
  return {
    name: 'by-reference',
    entry,
    handshake: commitHandshake(alice.commit()),
    committer: alice,
  }
}

function external(): CommitScene {
  const room = newRoom()
  const handshake = externalCommit(room.member('alice'), people.carol)
  if (handshake.kind !== 'commit') throw new Error('no commit')
  return { name: 'external', entry: room.entry, handshake, committer: undefined }
}
