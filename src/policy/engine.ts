import type { Operation } from '../model/exchange.ts'
import type { FieldName, Form } from '../model/metadata.ts'
import { admissionAction, disclosureAction } from './schema.ts'
import type { AdmissionContext, DisclosureContext, PeerFacts, RoomFacts } from './vocabulary.ts'

/** One question to Cedar: principal, action, resource and context, nothing of the exchange itself. */
export interface CedarRequest {
  readonly principal: PeerFacts
  /** The id of an action of the schema. */
  readonly action: string
  readonly resource: RoomFacts
  readonly context: DisclosureContext | AdmissionContext
}

export interface AuthorizationDecision {
  readonly decision: 'allow' | 'deny'
  /** The determining policies by their `@id`, sorted; none for a deny by default. */
  readonly policies: readonly string[]
  /** Policies whose evaluation failed, or `engine-fault`: with any, the decision is a deny. */
  readonly errors: readonly string[]
}

/** The peers and rooms that policies name, so that all others can share a plan. */
export interface NamedEntities {
  readonly peers: ReadonlySet<string>
  readonly rooms: ReadonlySet<string>
}

/** A validated policy set that answers. INVARIANT: any fault in answering is a deny. */
export interface PolicyEngine {
  /** SHA-256 of the policies in hexadecimal: which set decided. */
  readonly revision: string
  readonly named: NamedEntities
  decide(request: CedarRequest): AuthorizationDecision
}

export function disclosureRequest(
  parties: { readonly peer: PeerFacts; readonly room: RoomFacts },
  context: DisclosureContext,
  shown: { readonly field: FieldName; readonly form: Form },
): CedarRequest {
  return {
    principal: parties.peer,
    action: disclosureAction(shown.field, shown.form),
    resource: parties.room,
    context,
  }
}

export function admissionRequest(
  parties: { readonly peer: PeerFacts; readonly room: RoomFacts },
  context: AdmissionContext,
  operation: Operation,
): CedarRequest {
  return {
    principal: parties.peer,
    action: admissionAction(operation),
    resource: parties.room,
    context,
  }
}

/** The answer where there is none. */
export const DENIED_BY_FAULT: AuthorizationDecision = Object.freeze({
  decision: 'deny',
  policies: [],
  errors: ['engine-fault'],
})
