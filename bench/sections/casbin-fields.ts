import { newEnforcer, newModelFromString, StringAdapter } from 'casbin'
import type { AuthorizationDecision, CedarRequest } from '../../src/policy/engine.ts'

/**
 * The same ten decisions for casbin: attributes in conditions, a deny overrides. As few lines as the
 * model can have, so that it is not slow for want of care.
 */
export async function openCasbin(): Promise<
  (request: CedarRequest) => Pick<AuthorizationDecision, 'decision'>
> {
  const enforcer = await newEnforcer(newModelFromString(MODEL), new StringAdapter(POLICIES))
  return ({ principal, action, resource, context }) => ({
    decision: enforcer.enforceSync(principal, action, resource, context) ? 'allow' : 'deny',
  })
}

const MODEL = `
[request_definition]
r = peer, act, room, at

[policy_definition]
p = act, condition, eft

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = g(r.act, p.act) && eval(p.condition)
`

const NAMES = ['sender.user:exact', 'sender.client:exact', 'participants.list:exact']
const FRAME = [
  'room.id:exact',
  'group.epoch:exact',
  'message.size:exact',
  'message.frankingTag:exact',
]
const OTHERS = ['message.kind:exact', 'message.time:exact', 'room.description:exact']
const NO_REPORT = "r.act != 'room.id:exact' && r.act != 'message.frankingTag:exact'"
const IDENTIFIED = "(r.room.suite == 'identified' || r.room.suite == 'compliance')"

const POLICIES = [
  ['p', 'any', `r.peer.class == 'quarantined' && ${NO_REPORT}`, 'deny'],
  ['p', 'names', `!${IDENTIFIED}`, 'deny'],
  [
    'p',
    'names',
    "r.at.audience != 'archive' && (r.peer.agreement || r.peer.class == 'home')",
    'allow',
  ],
  ['p', 'frame', "r.at.audience != 'archive'", 'allow'],
  ['p', 'message.kind:exact', 'true', 'allow'],
  [
    'p',
    'message.time:exact',
    `r.at.audience == 'hub' || (r.at.audience == 'follower' && ${IDENTIFIED})`,
    'allow',
  ],
  ['p', 'room.description:exact', "r.at.audience == 'hub' || r.at.audience == 'follower'", 'allow'],
  ...NAMES.map((action) => ['g', action, 'names']),
  ...FRAME.map((action) => ['g', action, 'frame']),
  ...[...NAMES, ...FRAME, ...OTHERS].map((action) => ['g', action, 'any']),
]
  .map((line) => line.join(', '))
  .join('\n')
