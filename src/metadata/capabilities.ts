import type { Audience, FieldName, Form } from '../model/metadata.ts'

/** One field, in one form, that somebody has to see. */
export interface Need {
  readonly field: FieldName
  readonly audience: Audience
  /** The least form that will do. */
  readonly form: Form
}

/** Something that moderation or compliance can do, with the least metadata that it takes. */
export interface Capability {
  readonly id: string
  readonly title: string
  /** Who uses it: a party of the exchange. */
  readonly by: 'hub' | 'sender-provider' | 'reporter-provider' | 'operator'
  readonly needs: readonly Need[]
  /** One sentence for people: why these fields and no others. */
  readonly because: string
}

const pseudonym = 'pseudonym-room'
const hub = (field: FieldName, form: Form): Need => ({ field, audience: 'hub', form })
const follower = (field: FieldName, form: Form): Need => ({ field, audience: 'follower', form })
const archive = (field: FieldName, form: Form): Need => ({ field, audience: 'archive', form })

/** Which moderation needs which metadata: docs, CLI and console render this one table. */
export const capabilities: readonly Capability[] = [
  {
    id: 'limit-peer',
    title: 'Limit what a provider sends',
    by: 'hub',
    needs: [hub('provider.domain', 'exact')],
    because: 'The certificate of the connection names the provider.',
  },
  {
    id: 'limit-room',
    title: 'Limit what is sent to a room',
    by: 'hub',
    needs: [hub('provider.domain', 'exact'), hub('room.id', 'exact')],
    because: 'A budget per provider and room needs both names, and nobody in the room.',
  },
  {
    id: 'limit-sender',
    title: 'Limit what one sender sends to a room',
    by: 'hub',
    needs: [hub('room.id', 'exact'), hub('sender.user', 'pseudonym-epoch')],
    because: 'A pseudonym that stays the same for a day is as good as a name for counting.',
  },
  {
    id: 'ban-from-room',
    title: 'Ban somebody from a room',
    by: 'hub',
    needs: [
      hub('room.id', 'exact'),
      hub('sender.user', pseudonym),
      hub('participants.list', pseudonym),
      hub('participants.changes', pseudonym),
    ],
    because:
      'The hub refuses the pseudonym at once, and sees that it is not let in again. A pseudonym of the day it can refuse only until the day ends.',
  },
  {
    id: 'ban-across-rooms',
    title: 'Ban somebody from all rooms of a hub',
    by: 'hub',
    needs: [hub('sender.user', 'exact'), hub('participants.list', 'exact')],
    because: 'Room pseudonyms do not link rooms: only the user itself does.',
  },
  {
    id: 'report-one-message',
    title: 'Verify the report of one message',
    by: 'hub',
    needs: [
      hub('message.frankingTag', 'exact'),
      hub('sender.user', pseudonym),
      hub('report.subject', pseudonym),
      hub('report.evidence', 'exact'),
      follower('message.frank', 'exact'),
      follower('message.time', 'bucket'),
    ],
    because: 'The frank binds content, sender and time; it comes back with the reported content.',
  },
  {
    id: 'report-in-context',
    title: 'Verify several reported messages in their order',
    by: 'hub',
    needs: [
      hub('message.frankingTag', 'exact'),
      hub('sender.user', pseudonym),
      hub('report.subject', pseudonym),
      hub('report.evidence', 'exact'),
      follower('message.frank', 'exact'),
      follower('message.time', 'exact'),
    ],
    because: 'Messages in one bucket have one time; their order needs the exact one.',
  },
  {
    id: 'detect-spam-wave',
    title: 'See a wave of spam across rooms',
    by: 'hub',
    needs: [
      hub('provider.domain', 'exact'),
      hub('room.id', 'exact'),
      hub('message.time', 'bucket'),
      hub('message.size', 'bucket'),
    ],
    because: 'Counts per provider, size class and minute show a wave without any sender.',
  },
  {
    id: 'sanction-at-sender-provider',
    title: 'Let the sender’s own provider act on an account',
    by: 'sender-provider',
    needs: [hub('sender.user', pseudonym), hub('report.subject', pseudonym)],
    because: 'The sender’s provider knows whose pseudonym it is; the hub only has to name it.',
  },
  {
    id: 'answer-the-reporter',
    title: 'Tell a reporter what became of the report',
    by: 'reporter-provider',
    needs: [hub('report.reporter', pseudonym)],
    because: 'An answer needs somebody to be answered; a room pseudonym is enough.',
  },
  {
    id: 'retract-message',
    title: 'Drop copies that were not delivered yet, and ask clients to hide the rest',
    by: 'hub',
    needs: [hub('room.id', 'exact'), hub('message.frankingTag', 'exact')],
    because:
      'Queued copies are found by the tag; the message id follows from the reported content.',
  },
  {
    id: 'trace-between-logs',
    title: 'Find one message in the logs of several providers',
    by: 'operator',
    needs: [hub('message.id', 'exact'), follower('message.id', 'exact')],
    because: 'Only an id in the clear is the same everywhere.',
  },
  {
    id: 'compliance-journal',
    title: 'Keep who wrote when in which room',
    by: 'operator',
    needs: [
      archive('sender.user', 'exact'),
      archive('room.id', 'exact'),
      archive('message.time', 'exact'),
      archive('participants.changes', 'exact'),
    ],
    because: 'Supervision has to reconstruct conversations, so it keeps users, rooms and times.',
  },
  {
    id: 'selector-export',
    title: 'Answer a legal order about one user',
    by: 'operator',
    needs: [archive('sender.user', 'exact'), archive('message.time', 'bucket')],
    because: 'An order names a user and a period; what was never kept cannot be handed out.',
  },
  {
    id: 'device-policy',
    title: 'Hold participants to managed devices',
    by: 'hub',
    needs: [hub('sender.organisation', 'exact'), hub('sender.deviceClass', 'bucket')],
    because: 'The sending provider attests both; nothing in the protocol shows them.',
  },
]

export function capabilityById(id: string): Capability | undefined {
  return capabilities.find((capability) => capability.id === id)
}
