import { encode } from '../wire/codec.ts'
import { consentEntryCodec, type ConsentEntry } from '../wire/mimi/consent.ts'
import type { Cast } from './cast.ts'
import { markedKeyPackage } from './marked.ts'
import { marksOf, type Marks, type Scenario } from './scenario.ts'
import { UNKNOWN_COMPONENT } from './scenarios-contacts.ts'
import { askedScenario } from './steps.ts'

/** requestConsent and updateConsent, in and out. */
export function consentScenarios(cast: Cast): readonly Scenario[] {
  return (['request', 'grant'] as const).flatMap((change) =>
    [true, false].map((inwards) => consent(cast, { change, inwards })),
  )
}

interface ConsentCase {
  readonly change: 'request' | 'grant'
  readonly inwards: boolean
}

function consent(cast: Cast, { change, inwards }: ConsentCase): Scenario {
  const { names } = cast
  const request = marksOf(cast, 'request')
  const [from, to] = inwards ? [names.peer, names.self] : [names.self, names.peer]
  // Whoever is asked for consent says yes: the grant goes the other way.
  const [asks, grants] = change === 'request' ? [from, to] : [to, from]
  const requesterUri = `mimi://${asks}/u/${request.word('requester', 'consent.edge')}`
  const targetUri = `mimi://${grants}/u/${request.word('target', 'consent.edge')}`
  const isOurs = asks === names.self
  const roomId = isOurs ? cast.open.room : `mimi://${asks}/r/${request.word('room', 'room.id')}`
  if (isOurs) request.put('room', 'room.id', roomId)
  const parties = { requesterUri, targetUri, roomId }
  const operation = change === 'request' ? 'requestConsent' : 'updateConsent'
  return askedScenario({
    name: `${operation} ${inwards ? 'in' : 'out'}`,
    view: {
      operation,
      direction: inwards ? 'ingress' : 'egress',
      other: names.peer,
      room: roomId,
      reads: 'target',
      asks: 'target',
    },
    place: { operation, target: to, body: consentBody(cast, { change, parties }, request) },
    answer: () => ({ status: 201, body: Buffer.alloc(0) }),
    request,
    response: marksOf(cast, 'response'),
  })
}

interface Said {
  readonly change: 'request' | 'grant'
  readonly parties: Pick<ConsentEntry, 'requesterUri' | 'targetUri' | 'roomId'>
  readonly keyPackages?: number
}

/** An entry with a mark where no field stands for it; a grant with marked KeyPackages. */
function consentBody(cast: Cast, { change, parties, keyPackages = 5 }: Said, marks: Marks): Buffer {
  const extension = { componentId: UNKNOWN_COMPONENT, data: marks.unknown('extension') }
  const shared = { ...parties, consentExtensions: { componentData: [extension] } }
  if (change === 'request')
    return encode(consentEntryCodec, { consentOperation: 'request', ...shared })
  const owner = cast.actor(cast.names.peer, 'owner', { pseudonymous: false })
  const clientKeyPackages = Array.from({ length: keyPackages }, () =>
    markedKeyPackage(cast, owner, marks),
  )
  return encode(consentEntryCodec, { consentOperation: 'grant', ...shared, clientKeyPackages })
}
