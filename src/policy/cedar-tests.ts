import { isAuthorized, type CedarValueJson, type EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import { z } from 'zod'
import { entitiesFromJson, type EvaluationRequest } from './compile/entities.ts'
import { markReferences, valueFromJson } from './compile/json-values.ts'
import { entityUid } from './compile/values.ts'
import type { AuthorizationDecision } from './engine.ts'
import { actionEntities } from './read-request.ts'
import { gatewaySchema } from './schema.ts'

/** Whether a test passes. */
export interface CedarTestResult {
  readonly name: string | undefined
  readonly passed: boolean
  /** Undefined where it is no test, or its request or entities are not of the schema. */
  readonly answer: AuthorizationDecision | undefined
}

/**
 * One test in the format of `cedar run-tests`, decided by `evaluate`: the decision is as it says, the
 * deciding policies include those of `reason`, and `num_errors` policies fail. The groups of actions
 * are those of our schema, as where Cedar is given one.
 */
export function runCedarTest(
  evaluate: (asked: EvaluationRequest) => AuthorizationDecision,
  json: unknown,
): CedarTestResult {
  const read = cedarTestSchema.safeParse(json)
  if (!read.success) return { name: undefined, passed: false, answer: undefined }
  const { name, request, entities, decision, reason, num_errors: errors } = read.data
  if (!isOfSchema({ ...request, entities })) return { name, passed: false, answer: undefined }
  const answer = evaluate(evaluationRequest({ ...request, entities }))
  const passed =
    answer.decision === decision &&
    answer.errors.length === errors &&
    reason.every((id) => answer.policies.includes(id))
  return { name, passed, answer }
}

/** The text of an entity, such as `Peer::"b.example"`. */
const entitySchema = z.string().transform((text, context) => {
  const [, type = '', quoted = ''] = /^(\w+)::("(?:[^"\\]|\\.)*")$/.exec(text) ?? []
  try {
    return { type, id: z.string().parse(JSON.parse(quoted)) }
  } catch {
    context.addIssue('expected an entity')
    return z.NEVER
  }
})

// What these say, Cedar checks.
const valueSchema = z.custom<CedarValueJson>()
const entityJsonSchema = z.custom<EntityJson>()

/** Cedar takes more members than it knows, so do we. */
const cedarTestSchema = z.object({
  name: z.string().optional(),
  request: z.object({
    principal: entitySchema,
    action: entitySchema,
    resource: entitySchema,
    context: z.record(z.string(), valueSchema).default({}),
  }),
  entities: z.array(entityJsonSchema),
  decision: z.enum(['allow', 'deny']),
  reason: z.array(z.string()),
  num_errors: z.int().nonnegative(),
})

type Asked = z.output<typeof cedarTestSchema>['request'] &
  Pick<z.output<typeof cedarTestSchema>, 'entities'>

/** Cedar itself says whether request and entities are such as the schema has. */
function isOfSchema(asked: Asked): boolean {
  const answer = isAuthorized({
    ...asked,
    policies: { staticPolicies: {} },
    schema: gatewaySchema(),
    validateRequest: true,
  })
  return answer.type === 'success'
}

function evaluationRequest({
  principal,
  action,
  resource,
  context,
  entities,
}: Asked): EvaluationRequest {
  const given = entitiesFromJson(entities)
  const fields = Object.entries(context).map(
    ([name, value]) => [name, valueFromJson(markReferences(value))] as const,
  )
  return {
    principal: entityUid(principal.type, principal.id),
    action: entityUid(action.type, action.id),
    resource: entityUid(resource.type, resource.id),
    context: { kind: 'record', fields: new Map(fields) },
    entities: { get: (key) => actionEntities.get(key) ?? given.get(key) },
  }
}
