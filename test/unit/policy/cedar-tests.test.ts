import { isAuthorized, type CedarValueJson, type EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import { expect, test } from 'vitest'
import { runCedarTest } from '../../../src/policy/cedar-tests.ts'
import { compiledEvaluator } from '../../../src/policy/compiled-engine.ts'
import { loadPolicies } from '../../../src/policy/load.ts'
import { gatewaySchema } from '../../../src/policy/schema.ts'

const LARGE = Number.MAX_SAFE_INTEGER
const loaded = loadPolicies(`
@id("friends") @reason("r")
permit (principal in PeerGroup::"friends", action in Action::"topology", resource)
when { resource.suite == Suite::"identified" && context.audience == Audience::"hub" };
@id("sums") @reason("r")
forbid (principal, action == Action::"room.id:exact", resource)
when { resource in Tenant::"sums" && ${LARGE} * ${LARGE} > 0 };`)

const ref = (type: string, id: string) => ({ __entity: { type, id } })
const entities = (
  tenant: string,
  suite: CedarValueJson = ref('Suite', 'identified'),
): EntityJson[] => [
  {
    uid: { type: 'Peer', id: 'b "q".example' },
    attrs: {
      class: ref('PeerClass', 'open'),
      region: ref('Region', 'EU'),
      agreement: true,
      verified: true,
    },
    parents: [{ type: 'PeerGroup', id: 'friends' }],
  },
  {
    uid: { type: 'Room', id: 'r' },
    attrs: { suite, profile: ref('RoomProfile', 'consumer'), region: ref('Region', 'EU') },
    parents: [{ type: 'Tenant', id: tenant }],
  },
]
const request = {
  principal: 'Peer::"b \\"q\\".example"',
  action: 'Action::"room.id:exact"',
  resource: 'Room::"r"',
  context: {
    purpose: ref('Purpose', 'delivery'),
    audience: ref('Audience', 'hub'),
    direction: ref('Direction', 'egress'),
    operation: ref('Operation', 'notify'),
  },
}
const base = {
  name: 'n',
  request,
  entities: entities('default'),
  decision: 'allow',
  reason: ['friends'],
  num_errors: 0,
}
const run = (changes: object) => runCedarTest(compiledEvaluator(loaded), { ...base, ...changes })

test.each([
  ['as it is', {}],
  ['with less of a reason', { reason: [] }],
  ['with an entity of an attribute as people write it', bySchema()],
  [
    'where another action is asked for',
    { request: other('message.time:exact'), decision: 'deny', reason: [] },
  ],
])('a test passes %s, with us and with Cedar', (_, changes) => {
  expect(run(changes)).toMatchObject({ name: 'n', passed: true })
  const { decision, reason, num_errors: errors } = { ...base, ...changes }
  expect(cedarAnswer(changes)).toMatchObject({ decision, errors })
  expect(cedarAnswer(changes).reason).toEqual(expect.arrayContaining(reason))
})

test.each([
  ['another decision', { decision: 'deny' }],
  ['a policy that does not decide', { reason: ['friends', 'sums'] }],
  ['errors that there are not', { num_errors: 1 }],
])('a test fails for %s', (_, changes) => {
  expect(run(changes)).toMatchObject({ passed: false, answer: { decision: 'allow' } })
})

test.each([
  ['an action that the schema does not have', { request: other('room.id:pseudonym-peer') }],
  ['a context of another action', { request: other('admit:update') }],
  ['an attribute of another type', { entities: entities('default', ref('Region', 'EU')) }],
  ['a member that the schema does not have', { entities: entities('default', ref('Suite', 'x')) }],
  ['an entity that is none', { entities: [5] }],
  ['a principal that is none', { request: { ...request, principal: 'somebody' } }],
  ['no entities', { entities: undefined }],
  ['no number of errors', { num_errors: undefined }],
])('what has %s is no test', (_, changes) => {
  expect(run(changes)).toMatchObject({ passed: false, answer: undefined })
})

test('a policy that fails denies, where Cedar would skip a forbid', () => {
  const failing = { entities: entities('sums'), num_errors: 1 }
  expect(cedarAnswer(failing)).toMatchObject({ decision: 'allow', errors: 1 })
  expect(run(failing)).toMatchObject({ passed: false, answer: { decision: 'deny' } })
  expect(run({ ...failing, decision: 'deny', reason: [] })).toMatchObject({ passed: true })
})

function other(action: string) {
  return { ...request, action: `Action::"${action}"` }
}

function bySchema() {
  return { entities: entities('default', { type: 'Suite', id: 'identified' }) }
}

/** What Cedar itself says of the test with these changes. */
function cedarAnswer(changes: object) {
  const { request: asked, entities: given } = { ...base, ...changes }
  const action = /"(.*)"/.exec(asked.action)?.[1] ?? ''
  const answer = isAuthorized({
    principal: { type: 'Peer', id: 'b "q".example' },
    action: { type: 'Action', id: action },
    resource: { type: 'Room', id: 'r' },
    context: asked.context,
    entities: given,
    schema: gatewaySchema(),
    policies: {
      staticPolicies: Object.fromEntries(loaded.policies.map(({ id, text }) => [id, text])),
    },
  })
  if (answer.type === 'failure') throw new Error('Cedar does not answer')
  const { decision, diagnostics } = answer.response
  return { decision, reason: diagnostics.reason, errors: diagnostics.errors.length }
}
