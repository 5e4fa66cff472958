import type { DeclaredField, DeclaredRow } from './declared-fields.ts'

const because =
  'It has no place in MIMI-06: it travels between gateways, in the header Mimi-Compliance-Metadata.'

const ofTheSender: readonly DeclaredField[] = [
  ['sender.organisation', 'absent', 'exact', 'attested', because],
  ['sender.deviceClass', 'absent', 'bucket', 'attested', because],
  ['sender.country', 'absent', 'bucket', 'attested', because],
]

/** What the gateways of two providers tell each other beside the bytes of the protocol. */
export const attestedRows: readonly DeclaredRow[] = [
  { operation: 'update', part: 'request', audience: 'hub', fields: ofTheSender },
  { operation: 'submitMessage', part: 'request', audience: 'hub', fields: ofTheSender },
  {
    operation: 'notify',
    part: 'response',
    audience: 'hub',
    fields: [['delivery.time', 'absent', 'exact', 'attested', because]],
  },
]
