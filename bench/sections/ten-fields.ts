import {
  disclosureRequest,
  type AuthorizationDecision,
  type CedarRequest,
} from '../../src/policy/engine.ts'
import {
  peerClasses,
  policySuites,
  type DisclosureContext,
  type PeerFacts,
  type RoomFacts,
} from '../../src/policy/vocabulary.ts'

/** Decides one request; a deny may be of any kind. */
type Decide = (request: CedarRequest) => Pick<AuthorizationDecision, 'decision'>

const TEN_FIELDS = [
  'sender.user',
  'sender.client',
  'room.id',
  'group.epoch',
  'message.kind',
  'message.size',
  'message.time',
  'message.frankingTag',
  'participants.list',
  'room.description',
] as const
export const context: DisclosureContext = {
  purpose: 'delivery',
  audience: 'follower',
  direction: 'egress',
  operation: 'notify',
}
export const peer: PeerFacts = {
  id: 'b.example',
  class: 'federated',
  region: 'EU',
  agreement: true,
  verified: true,
  groups: [],
}
export const room: RoomFacts = {
  id: '~',
  suite: 'identified',
  profile: 'consumer',
  region: 'EU',
  tenant: 'default',
}

/** Ten decisions, each of a field's `exact` form; how many are allowed. Another round is about another peer. */
export function decideTen(decide: Decide, round: number): number {
  const suite = policySuites[round % policySuites.length] ?? room.suite
  const peerClass =
    peerClasses[Math.floor(round / policySuites.length) % peerClasses.length] ?? peer.class
  const scene = { peer: { ...peer, class: peerClass }, room: { ...room, suite } }
  const circumstances = { ...context }
  let allowed = 0
  for (const field of TEN_FIELDS) {
    const request = disclosureRequest(scene, circumstances, { field, form: 'exact' })
    if (decide(request).decision === 'allow') allowed += 1
  }
  return allowed
}

/** What the ten decisions come down to, as somebody would write it who has only these policies. */
export function handWritten({
  action,
  principal,
  resource,
  context: at,
}: CedarRequest): AuthorizationDecision {
  const reports = action === 'room.id:exact' || action === 'message.frankingTag:exact'
  if (principal.class === 'quarantined' && !reports) return QUARANTINED
  if (!('audience' in at)) return DENIED
  const identified = resource.suite === 'identified' || resource.suite === 'compliance'
  switch (action) {
    case 'sender.user:exact':
    case 'sender.client:exact':
    case 'participants.list:exact':
      if (!identified) return NAMES
      return at.audience !== 'archive' && (principal.agreement || principal.class === 'home')
        ? ALLOWED
        : DENIED
    case 'message.time:exact':
      return at.audience === 'hub' || (at.audience === 'follower' && identified) ? ALLOWED : DENIED
    case 'room.description:exact':
      return at.audience === 'hub' || at.audience === 'follower' ? ALLOWED : DENIED
    case 'message.kind:exact':
      return ALLOWED
    case 'room.id:exact':
    case 'group.epoch:exact':
    case 'message.size:exact':
    case 'message.frankingTag:exact':
      return at.audience === 'archive' ? DENIED : ALLOWED
    default:
      return DENIED
  }
}

const DENIED: AuthorizationDecision = { decision: 'deny', policies: [], errors: [] }
const ALLOWED: AuthorizationDecision = { decision: 'allow', policies: ['permitted'], errors: [] }
const QUARANTINED: AuthorizationDecision = { ...DENIED, policies: ['quarantine'] }
const NAMES: AuthorizationDecision = { ...DENIED, policies: ['names-nowhere-else'] }
