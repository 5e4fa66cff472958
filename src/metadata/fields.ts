import type { FieldName, Form } from '../model/metadata.ts'

/** What a field is about: the classes of the exposure tables in docs/threat-model. */
export type FieldClass =
  | 'PRV'
  | 'GRP'
  | 'SND'
  | 'CLI'
  | 'IP'
  | 'RCP'
  | 'TIM'
  | 'SIZ'
  | 'CTY'
  | 'REP'
  | 'PII'
  | 'POL'
  | 'SOC'
  | 'CNT'
  | 'ORG'
  | 'LOC'

/** What the bucket of a field is: a number with a width in this unit, or one label out of few. */
type BucketUnit = 'milliseconds' | 'octets' | 'count' | 'label'

export interface FieldDefinition {
  /** One octet, never used twice. */
  readonly code: number
  readonly name: FieldName
  readonly class: FieldClass
  /** In rising order of exposure. Without `absent` the wire can never hide the field. */
  readonly forms: readonly Form[]
  /** What `bucket` means; undefined where the field has no such form. */
  readonly bucket: BucketUnit | undefined
  /** A few words for people, who need not know the protocol. */
  readonly title: string
  /** One sentence for people. */
  readonly description: string
}

/** The registry of metadata fields. A field outside it is dropped, never passed. */
export const fields = {
  'provider.domain': define('provider.domain', {
    code: 0x01,
    class: 'PRV',
    title: 'Provider',
    forms: ['exact'],
    description: 'The domain of the provider at the other end of the connection.',
  }),
  'room.id': define('room.id', {
    code: 0x02,
    class: 'GRP',
    title: 'Room',
    forms: ['exact'],
    description: 'The URI of the room, and the MLS group id that stands for it.',
  }),
  'group.epoch': define('group.epoch', {
    code: 0x03,
    class: 'GRP',
    title: 'How often the room changed',
    forms: ['exact'],
    description: 'The epoch of the MLS group: how often its membership or policy changed.',
  }),
  'sender.user': define('sender.user', {
    code: 0x04,
    class: 'SND',
    title: 'Who sends a message',
    forms: ['absent', 'pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer', 'exact'],
    description: 'The user who sent an application message.',
  }),
  'sender.client': define('sender.client', {
    code: 0x05,
    class: 'CLI',
    title: 'Which device sends',
    forms: ['absent', 'pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer', 'exact'],
    description: 'The client (device) that sent a message or a handshake.',
  }),
  'sender.network': define('sender.network', {
    code: 0x06,
    class: 'IP',
    title: 'Network address',
    forms: ['absent', 'bucket', 'exact'],
    bucket: 'label',
    description: 'The network address of the sender; its bucket is the country.',
  }),
  'participants.list': define('participants.list', {
    code: 0x07,
    class: 'RCP',
    title: 'Who is in the room',
    forms: ['absent', 'bucket', 'pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer', 'exact'],
    bucket: 'count',
    description: 'Who takes part in the room: participant list and credentials in the tree.',
  }),
  'participants.changes': define('participants.changes', {
    code: 0x08,
    class: 'RCP',
    title: 'Who joins, leaves or changes the room',
    forms: ['absent', 'pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer', 'exact'],
    description: 'Who changes the room and who comes or goes: committer, Adds, Removes.',
  }),
  'client.list': define('client.list', {
    code: 0x09,
    class: 'CLI',
    title: 'Devices of a user',
    forms: ['absent', 'bucket', 'exact'],
    bucket: 'count',
    description: 'The clients of a user that can be added to a room.',
  }),
  'client.capabilities': define('client.capabilities', {
    code: 0x0a,
    class: 'CLI',
    title: 'What a device supports',
    forms: ['absent', 'exact'],
    description: 'What a client supports, which tells its software apart.',
  }),
  'message.time': define('message.time', {
    code: 0x0b,
    class: 'TIM',
    title: 'Time of a message',
    forms: ['bucket', 'exact'],
    bucket: 'milliseconds',
    description: 'When the hub accepted a message.',
  }),
  'message.size': define('message.size', {
    code: 0x0c,
    class: 'SIZ',
    title: 'Length of a message',
    forms: ['bucket', 'exact'],
    bucket: 'octets',
    description:
      'How long an application message is; only the sending client can pad it into a bucket. Handshakes are not padded: their length shows.',
  }),
  'message.kind': define('message.kind', {
    code: 0x0d,
    class: 'CTY',
    title: 'Kind of a message',
    forms: ['exact'],
    description: 'Whether a message is an application message, a proposal, a commit or a Welcome.',
  }),
  'message.id': define('message.id', {
    code: 0x0e,
    class: 'CTY',
    title: 'Identifier of a message',
    forms: ['absent', 'exact'],
    description: 'The identifier of a message outside its ciphertext, which links it across logs.',
  }),
  'message.frankingTag': define('message.frankingTag', {
    code: 0x0f,
    class: 'REP',
    title: 'Mark that makes a message reportable',
    forms: ['absent', 'exact'],
    description: 'The commitment of the sending client that makes a message reportable.',
  }),
  'message.frank': define('message.frank', {
    code: 0x10,
    class: 'REP',
    title: "Hub's stamp on that mark",
    forms: ['absent', 'exact'],
    description: 'The stamp of the hub on a franking tag, opaque to all but the hub.',
  }),
  'room.description': define('room.description', {
    code: 0x11,
    class: 'PII',
    title: 'Name and picture of the room',
    forms: ['absent', 'exact'],
    description: 'Name, avatar and subject of the room.',
  }),
  'room.policy': define('room.policy', {
    code: 0x12,
    class: 'POL',
    title: 'Rules of the room',
    forms: ['exact'],
    description: 'Roles, capabilities and other rules of the room.',
  }),
  'contact.query': define('contact.query', {
    code: 0x13,
    class: 'SOC',
    title: 'Search for people',
    forms: ['absent', 'bucket', 'exact'],
    bucket: 'label',
    description:
      'By what a user is searched; its bucket allows searches for one exact handle only.',
  }),
  'contact.profile': define('contact.profile', {
    code: 0x14,
    class: 'PII',
    title: 'Profile',
    forms: ['absent', 'exact'],
    description: 'The profile fields that an identifier query returns.',
  }),
  'consent.edge': define('consent.edge', {
    code: 0x15,
    class: 'SOC',
    title: 'Who asks for whom',
    forms: ['absent', 'pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer', 'exact'],
    description: 'Who asks for whom: in consent and in requests for key material.',
  }),
  'user.existence': define('user.existence', {
    code: 0x16,
    class: 'SOC',
    title: 'Whether somebody exists',
    forms: ['absent', 'exact'],
    description:
      'Whether a user or a room exists, where an answer would tell it apart from refusal.',
  }),
  'report.reporter': define('report.reporter', {
    code: 0x17,
    class: 'SND',
    title: 'Who reports abuse',
    forms: ['absent', 'pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer', 'exact'],
    description: 'Who reports abuse.',
  }),
  'report.subject': define('report.subject', {
    code: 0x18,
    class: 'SND',
    title: 'Who is reported',
    forms: ['pseudonym-epoch', 'pseudonym-room', 'pseudonym-peer', 'exact'],
    description: 'Who is reported.',
  }),
  'report.evidence': define('report.evidence', {
    code: 0x19,
    class: 'CNT',
    title: 'Reported messages',
    forms: ['absent', 'exact'],
    description: 'The opened messages of a report.',
  }),
  'report.note': define('report.note', {
    code: 0x1a,
    class: 'CNT',
    title: 'Text of a report',
    forms: ['absent', 'exact'],
    description: 'The free text of a report.',
  }),
  'asset.url': define('asset.url', {
    code: 0x1b,
    class: 'CTY',
    title: 'Address of a file',
    forms: ['absent', 'exact'],
    description: 'The address of a file that is fetched through the proxy.',
  }),
  'delivery.time': define('delivery.time', {
    code: 0x1c,
    class: 'TIM',
    title: 'Time of delivery',
    forms: ['absent', 'bucket', 'exact'],
    bucket: 'milliseconds',
    description: 'When a message reached a client.',
  }),
  'sender.organisation': define('sender.organisation', {
    code: 0x1d,
    class: 'ORG',
    title: 'Organisation',
    forms: ['absent', 'exact'],
    description: 'The organisation for which the sender acts.',
  }),
  'sender.deviceClass': define('sender.deviceClass', {
    code: 0x1e,
    class: 'CLI',
    title: 'Kind of device',
    forms: ['absent', 'bucket'],
    bucket: 'label',
    description: 'The kind of device of the sender, for example managed or personal.',
  }),
  'sender.country': define('sender.country', {
    code: 0x1f,
    class: 'LOC',
    title: 'Country',
    forms: ['absent', 'bucket'],
    bucket: 'label',
    description: 'The country of the sender.',
  }),
  'error.detail': define('error.detail', {
    code: 0x20,
    class: 'POL',
    title: 'Text of a refusal',
    forms: ['absent', 'exact'],
    description: 'The text that explains a refusal.',
  }),
} as const satisfies Record<FieldName, FieldDefinition>

/** All definitions in the order of their codes. */
export const fieldList: readonly FieldDefinition[] = Object.values(fields)

function define(
  name: FieldName,
  definition: Omit<FieldDefinition, 'name' | 'bucket'> & { readonly bucket?: BucketUnit },
): FieldDefinition {
  return Object.freeze({ bucket: undefined, ...definition, name })
}
