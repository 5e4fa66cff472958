import {
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  type CedarValueJson,
  type EntityJson,
  type StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs'
import {
  DENIED_BY_FAULT,
  type AuthorizationDecision,
  type CedarRequest,
  type PolicyEngine,
} from './engine.ts'
import { namedEntities, policyRevision } from './identify.ts'
import type { LoadedPolicies } from './load.ts'
import { gatewaySchema } from './schema.ts'
import type { AdmissionContext, DisclosureContext, PeerFacts, RoomFacts } from './vocabulary.ts'

/** The oracle: Cedar's own implementation, at about 1 ms per decision. */
export function cedarEngine(loaded: LoadedPolicies): PolicyEngine {
  const staticPolicies = Object.fromEntries(
    loaded.policies.map((policy) => [policy.id, policy.text]),
  )
  const revision = policyRevision(loaded)
  return {
    revision,
    named: namedEntities(loaded),
    decide: (request) => decide(revision, staticPolicies, request),
  }
}

function decide(
  revision: string,
  policies: Record<string, string>,
  request: CedarRequest,
): AuthorizationDecision {
  try {
    const answer = statefulIsAuthorized(authorizationCall(slotFor(revision, policies), request))
    if (answer.type === 'failure') return DENIED_BY_FAULT
    const { decision, diagnostics } = answer.response
    const errors = diagnostics.errors.map((error) => error.policyId).toSorted()
    // Cedar skips a forbid whose evaluation fails: here no answer with an error permits anything.
    if (errors.length > 0) return { decision: 'deny', policies: errors, errors }
    return { decision, policies: diagnostics.reason.toSorted(), errors }
  } catch {
    // A trap kills the wasm instance for good; every later answer is this one.
    return DENIED_BY_FAULT
  }
}

/**
 * The name under which the policy set stands in the wasm instance. Preparsed sets can be replaced
 * but never removed, so two names serve all engines, the one used least recently is taken over.
 */
function slotFor(revision: string, policies: Record<string, string>): string {
  const known = slots.findIndex((slot) => slot.revision === revision)
  const [slot] = slots.splice(Math.max(known, 0), 1)
  if (slot === undefined) throw new Error('no slot')
  slots.push(slot)
  if (slot.revision === revision) return slot.name
  slot.revision = undefined
  const parsed = preparsePolicySet(slot.name, { staticPolicies: policies })
  if (parsed.type === 'failure') throw new Error('policy set not accepted')
  slot.revision = revision
  return slot.name
}

/** In order of last use. */
const slots: { readonly name: string; revision: string | undefined }[] = [
  { name: 'postern-policies-a', revision: undefined },
  { name: 'postern-policies-b', revision: undefined },
]

function schemaName(): string {
  if (!schemaIsParsed) {
    const parsed = preparseSchema(SCHEMA, gatewaySchema())
    if (parsed.type === 'failure') throw new Error('schema not accepted')
    schemaIsParsed = true
  }
  return SCHEMA
}

function authorizationCall(
  preparsedPolicySetId: string,
  { principal, action, resource, context }: CedarRequest,
): StatefulAuthorizationCall {
  return {
    principal: { type: 'Peer', id: principal.id },
    action: { type: 'Action', id: action },
    resource: { type: 'Room', id: resource.id },
    context: contextJson(context),
    // INVARIANT: both entities are always passed, and the schema brings the action groups: without
    // either a forbid silently does not apply.
    entities: [peerEntity(principal), roomEntity(resource)],
    preparsedPolicySetId,
    preparsedSchemaName: schemaName(),
    validateRequest: true,
  }
}

function peerEntity(peer: PeerFacts): EntityJson {
  return {
    uid: { type: 'Peer', id: peer.id },
    attrs: {
      class: enumValue('PeerClass', peer.class),
      region: enumValue('Region', peer.region),
      agreement: peer.agreement,
      verified: peer.verified,
    },
    parents: peer.groups.map((id) => ({ type: 'PeerGroup', id })),
  }
}

function roomEntity(room: RoomFacts): EntityJson {
  return {
    uid: { type: 'Room', id: room.id },
    attrs: {
      suite: enumValue('Suite', room.suite),
      profile: enumValue('RoomProfile', room.profile),
      region: enumValue('Region', room.region),
    },
    parents: [{ type: 'Tenant', id: room.tenant }],
  }
}

function contextJson(
  context: DisclosureContext | AdmissionContext,
): Record<string, CedarValueJson> {
  if ('local' in context)
    return {
      direction: enumValue('Direction', context.direction),
      local: context.local,
      tier: enumValue('SenderTier', context.tier),
    }
  return {
    purpose: enumValue('Purpose', context.purpose),
    audience: enumValue('Audience', context.audience),
    direction: enumValue('Direction', context.direction),
    operation: enumValue('Operation', context.operation),
  }
}

function enumValue(type: string, id: string): CedarValueJson {
  return { __entity: { type, id } }
}

const SCHEMA = 'postern'
let schemaIsParsed = false
