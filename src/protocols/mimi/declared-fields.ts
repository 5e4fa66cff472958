import type { Enforcement, FieldName, Form } from '../../model/metadata.ts'
import type { Operation } from '../../model/exchange.ts'
import type { Audience } from '../../model/metadata.ts'

/** A field, its wire floor, the most that the bytes can carry, who holds it there, and why. */
export type DeclaredField = readonly [
  field: FieldName,
  wireFloor: Form,
  carries: Form,
  enforcement: Enforcement,
  because: string,
]

/** What one part of an operation shows to one audience. */
export interface DeclaredRow {
  readonly operation: Operation
  readonly part: 'request' | 'response'
  readonly audience: Audience
  readonly fields: readonly DeclaredField[]
}

const pseudonym = 'pseudonym-room'

export const peerDomain: DeclaredField = [
  'provider.domain',
  'exact',
  'exact',
  'checked',
  'Both ends of the connection prove their domain by certificate.',
]

export const roomInPath: DeclaredField = [
  'room.id',
  'exact',
  'exact',
  'checked',
  'The path names the room, and the message is bound to its group.',
]

export const epoch: DeclaredField = [
  'group.epoch',
  'exact',
  'exact',
  'checked',
  'Every MLS message names its epoch in the clear and is authenticated with it.',
]

export const messageKind: DeclaredField = [
  'message.kind',
  'exact',
  'exact',
  'checked',
  'The content type of an MLS message is in the clear and authenticated.',
]

export const messageSize: DeclaredField = [
  'message.size',
  'bucket',
  'exact',
  'checked',
  'Only the sending client can pad a ciphertext; the gateway can refuse lengths.',
]

export const arrivalTime: DeclaredField = [
  'message.time',
  'exact',
  'exact',
  'attested',
  'Whoever receives a message has a clock of its own.',
]

export const stampedTime: DeclaredField = [
  'message.time',
  'bucket',
  'exact',
  'edited',
  'The hub chooses the accepted time and writes it; a bucket is real only together with batching of that width.',
]

export const frankingTag: DeclaredField = [
  'message.frankingTag',
  'absent',
  'exact',
  'checked',
  'The tag is in the additional authenticated data, which the ciphertext is bound to.',
]

export const frank: DeclaredField = [
  'message.frank',
  'absent',
  'exact',
  'edited',
  "The frank is optional and is made by the hub's gateway.",
]

export const messageId: DeclaredField = [
  'message.id',
  'absent',
  'exact',
  'checked',
  'Component 0x0040 in the additional authenticated data is optional and cannot be taken out.',
]

export const network: DeclaredField = [
  'sender.network',
  'absent',
  'absent',
  'edited',
  'The connection is between providers: of the headers of a request none is passed on that could name whoever it came from.',
]

export const existence: DeclaredField = [
  'user.existence',
  'absent',
  'exact',
  'edited',
  'The draft allows one answer for unknown, deleted and unwilling.',
]

/** What PublicMessages, GroupInfo and ratchet tree show of the members. */
export const handshakeFields: readonly DeclaredField[] = [
  [
    'participants.changes',
    pseudonym,
    'exact',
    'checked',
    'A PublicMessage shows committer, Adds, Removes and participant list changes, and is signed.',
  ],
  [
    'participants.list',
    pseudonym,
    'exact',
    'checked',
    'Participant list and tree credentials are signed; only pseudonymous credentials show less.',
  ],
  [
    'sender.client',
    pseudonym,
    'exact',
    'checked',
    'The sender of a PublicMessage is a leaf with a signature key of one client.',
  ],
  [
    'client.list',
    'exact',
    'exact',
    'checked',
    'Every client is a leaf of its own, whatever name its credential shows.',
  ],
  [
    'client.capabilities',
    'exact',
    'exact',
    'checked',
    'Every leaf lists what its client supports, and is signed.',
  ],
  [
    'room.description',
    'absent',
    'exact',
    'checked',
    'Component room_metadata is optional; where it is set, every member signs for it.',
  ],
  [
    'room.policy',
    'exact',
    'exact',
    'checked',
    'Policy components are part of the group state on which all members agree.',
  ],
]
