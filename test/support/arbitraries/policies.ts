import * as fc from 'fast-check'
import { operations } from '../../../src/model/exchange.ts'
import { audiences, purposes } from '../../../src/model/metadata.ts'
import { senderTiers } from '../../../src/model/sender-tier.ts'
import { gatewayActions } from '../../../src/policy/schema.ts'
import { peerClasses, policySuites, regions, roomProfiles } from '../../../src/policy/vocabulary.ts'

const actions = gatewayActions()
const uid = (type: string, ids: readonly string[]) =>
  fc.constantFrom(...ids).map((id) => `${type}::${JSON.stringify(id)}`)
const action = uid('Action', [...new Set(actions.flatMap(({ id, groups }) => [id, ...groups]))])
const peer = uid('Peer', ['a.example', 'b.example', 'ü "quoted"'])
const peerGroup = uid('PeerGroup', ['partners', 'blocked', 'x'])
const room = uid('Room', ['mimi://a.example/r/1', 'mimi://a.example/r/2'])
const tenant = uid('Tenant', ['north', 'south'])

const head = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('principal') },
      peer.map((one) => `principal == ${one}`),
      fc.oneof(peer, peerGroup).map((one) => `principal in ${one}`),
      peerGroup.map((one) => `principal is Peer in ${one}`),
      fc.constantFrom('principal is Peer', 'principal is Room'),
    ),
    fc.oneof(
      fc.constant('action'),
      action.map((one) => `action == ${one}`),
      action.map((one) => `action in ${one}`),
      fc.array(action, { maxLength: 6 }).map((all) => `action in [${all.join(', ')}]`),
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('resource') },
      room.map((one) => `resource == ${one}`),
      fc.oneof(room, tenant).map((one) => `resource in ${one}`),
      tenant.map((one) => `resource is Room in ${one}`),
    ),
  )
  .map((parts) => `(${parts.join(', ')})`)

/** Attributes with what they are compared with; some requests have no such context. */
const facts: readonly (readonly [string, fc.Arbitrary<string>])[] = [
  ['principal.class', uid('PeerClass', peerClasses)],
  ['principal.region', uid('Region', regions)],
  ['resource.region', uid('Region', regions)],
  ['resource.suite', uid('Suite', policySuites)],
  ['resource.profile', uid('RoomProfile', roomProfiles)],
  ['context.purpose', uid('Purpose', purposes)],
  ['context.audience', uid('Audience', audiences)],
  ['context.direction', uid('Direction', ['ingress', 'egress'])],
  ['context.operation', uid('Operation', operations)],
  ['context.tier', uid('SenderTier', senderTiers)],
]
const comparison = fc.constantFrom(...facts).chain(([fact, value]) =>
  fc.oneof(
    value.map((one) => `${fact} == ${one}`),
    value.map((one) => `${fact} != ${one}`),
    fc.array(value, { maxLength: 10 }).map((all) => `[${all.join(', ')}].contains(${fact})`),
  ),
)
const flag = fc.constantFrom('principal.agreement', 'principal.verified', 'context.local', 'true')
const other = fc.oneof(
  peerGroup.map((one) => `principal in ${one}`),
  fc.array(peerGroup, { maxLength: 3 }).map((all) => `principal in [${all.join(', ')}]`),
  tenant.map((one) => `resource in ${one}`),
  action.map((one) => `action in ${one}`),
  fc.constantFrom(
    'context has local',
    'context has purpose.x',
    'principal has agreement && principal.agreement',
    'resource has unheard',
    'principal.region == resource.region',
    'principal == resource',
    '{a: principal.region, b: [1, true]} == {b: [true, 1, 1], a: resource.region}',
    '[principal.agreement, principal.verified].containsAll([true, false])',
    '[context.direction].containsAny([Direction::"ingress"])',
    'principal.class',
    'principal.unheard',
    '9007199254740991 * (if principal.verified then 2000 else 1) > 0',
    '(if principal.agreement then 3 else -3) * 7 - 1 <= 20',
    'ip("10.0.0.1").isInRange(ip("10.0.0.0/8"))',
    'decimal("1.5").lessThan(decimal("2.0"))',
    'datetime("2026-11-23").offset(duration("1d")) > datetime("2026-11-23")',
    'principal.hasTag("x")',
    '(if principal.verified then "abc" else "xyz") like "a*c"',
  ),
)

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'condition' },
    comparison,
    flag,
    other,
    tie('condition').map((inner) => `!(${inner})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) && (${b})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) || (${b})`),
    fc
      .tuple(tie('condition'), tie('condition'), tie('condition'))
      .map(([a, b, c]) => `if ${a} then ${b} else ${c}`),
  ),
}))

const policy = fc
  .tuple(
    fc.constantFrom('permit', 'permit', 'forbid'),
    head,
    fc.array(fc.tuple(fc.constantFrom('when', 'unless'), condition), { maxLength: 2 }),
  )
  .map(([effect, scope, clauses]) =>
    [`${effect} ${scope}`, ...clauses.map(([kind, body]) => `${kind} { ${body} }`)].join(' '),
  )

/** One to six policies over the schema of the gateway; some fail when they are asked. */
export const policyTexts: fc.Arbitrary<readonly string[]> = fc
  .array(policy, { minLength: 1, maxLength: 6 })
  .map((policies) => policies.map((text) => `${text};`))
