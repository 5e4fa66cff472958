import {
  existence,
  network,
  peerDomain,
  type DeclaredField,
  type DeclaredRow,
} from './declared-fields.ts'

const keyMaterialRequest: readonly DeclaredField[] = [
  peerDomain,
  [
    'room.id',
    'exact',
    'exact',
    'checked',
    'The client signs the room for which it asks; outside an Add it names none.',
  ],
  [
    'consent.edge',
    'pseudonym-room',
    'exact',
    'checked',
    'The client signs who asks for whom: the asking user may be a room pseudonym, the other one never.',
  ],
  [
    'sender.client',
    'pseudonym-room',
    'exact',
    'checked',
    "The request is signed with one client's key, and its credential is inside.",
  ],
  [
    'room.policy',
    'exact',
    'exact',
    'checked',
    'Acceptable cipher suites and required capabilities are signed.',
  ],
]

const keyMaterialResponse: readonly DeclaredField[] = [
  existence,
  [
    'consent.edge',
    'exact',
    'exact',
    'checked',
    'A user is asked for by name and answers with signed KeyPackages: a room pseudonym in them is linked to the name.',
  ],
  [
    'client.list',
    'bucket',
    'exact',
    'edited',
    'A useful answer has at least one client; the others may be left out, in any order.',
  ],
  [
    'client.capabilities',
    'exact',
    'exact',
    'checked',
    'Every KeyPackage lists what its client supports, and is signed.',
  ],
]

const consentEdge: DeclaredField = [
  'consent.edge',
  'exact',
  'exact',
  'checked',
  'Both providers must know whose consent for whom this is.',
]

const consentRoom: DeclaredField = [
  'room.id',
  'exact',
  'exact',
  'checked',
  'An entry for one room names it; leaving it out would widen the consent.',
]

/** keyMaterial, requestConsent, updateConsent, identifierQuery. */
export const contactRows: readonly DeclaredRow[] = [
  {
    operation: 'keyMaterial',
    part: 'request',
    audience: 'hub',
    fields: [...keyMaterialRequest, network],
  },
  { operation: 'keyMaterial', part: 'request', audience: 'target', fields: keyMaterialRequest },
  { operation: 'keyMaterial', part: 'response', audience: 'hub', fields: keyMaterialResponse },
  { operation: 'keyMaterial', part: 'response', audience: 'follower', fields: keyMaterialResponse },
  {
    operation: 'requestConsent',
    part: 'request',
    audience: 'target',
    fields: [peerDomain, consentEdge, consentRoom],
  },
  { operation: 'requestConsent', part: 'response', audience: 'target', fields: [existence] },
  {
    operation: 'updateConsent',
    part: 'request',
    audience: 'target',
    fields: [
      peerDomain,
      consentEdge,
      consentRoom,
      [
        'client.list',
        'absent',
        'exact',
        'edited',
        'The KeyPackages of a grant are optional and nothing signs their list.',
      ],
      [
        'client.capabilities',
        'absent',
        'exact',
        'edited',
        'They go with the KeyPackages of a grant.',
      ],
    ],
  },
  { operation: 'updateConsent', part: 'response', audience: 'target', fields: [existence] },
  {
    operation: 'identifierQuery',
    part: 'request',
    audience: 'target',
    fields: [
      peerDomain,
      [
        'contact.query',
        'bucket',
        'exact',
        'checked',
        'The least that can be asked is an exact handle; the gateway can refuse other searches.',
      ],
    ],
  },
  {
    operation: 'identifierQuery',
    part: 'response',
    audience: 'target',
    fields: [
      existence,
      [
        'contact.profile',
        'absent',
        'exact',
        'edited',
        'A found profile may come with no field at all.',
      ],
    ],
  },
]
