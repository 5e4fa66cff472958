import {
  policyToJson,
  templateToJson,
  validate,
  type DetailedError,
  type PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs'
import { GatewayError } from '../model/errors.ts'
import { isWithinLevelOne } from './entity-level.ts'
import { expiryOf } from './expiry.ts'
import { moderationSchema } from './moderation/schema.ts'
import { routingSchema } from './routing/schema.ts'
import { gatewaySchema } from './schema.ts'
import { splitStatements, type PolicyStatement, type StatementFault } from './statements.ts'

/** One policy that parsed and validated. */
export interface LoadedPolicy {
  readonly id: string
  readonly title: string | undefined
  readonly reason: string
  readonly line: number
  /** When it stops permitting; only a permit does. */
  readonly expiresAtMs: number | undefined
  /** What engines run: the JSON form would round large integers. */
  readonly text: string
  readonly json: PolicyJson
}

/** A policy set that may take effect. */
export interface LoadedPolicies {
  readonly policies: readonly LoadedPolicy[]
}

type PolicyFault =
  | StatementFault
  | 'syntax'
  | 'template'
  | 'missing-id'
  | 'missing-reason'
  | 'duplicate-id'
  | 'bad-expires'
  | 'expired'
  | 'level'
  | 'validation'
  | 'wasm-failed'
  | 'not-text'
  | 'self-test'
  | 'invariant'
  | 'time-or-memory'

export interface PolicyFinding {
  readonly fault: PolicyFault
  /** Which policy of the text, counted from 1; 0 where the fault is no single one's. */
  readonly policy: number
  /** Counted from 1. */
  readonly line: number
  /** What would be right, or Cedar's own words, which quote the text: for the operator's terminal, never for a log. */
  readonly explanation: string
}

export type PolicyInspection =
  | { readonly kind: 'valid'; readonly loaded: LoadedPolicies }
  | { readonly kind: 'invalid'; readonly findings: readonly PolicyFinding[] }

/** What policies are about: metadata at the gateway, the work of moderators, or where reports go. */
export type PolicySubject = keyof typeof SCHEMAS

/**
 * A policy text, strictly: bounded, every policy with its own `@id` and a `@reason`, no template, no
 * permit that has expired, valid against the schema of its subject, warnings count as errors.
 * Throws `policy-invalid` with fault, policy number and line of the first finding.
 */
export function loadPolicies(
  text: string,
  nowMs = 0,
  subject: PolicySubject = 'gateway',
): LoadedPolicies {
  return loadedOrThrow(inspectPolicies(text, nowMs, subject))
}

/** What was loaded. Throws `policy-invalid` with fault, policy number and line of the first finding. */
export function loadedOrThrow(inspection: PolicyInspection): LoadedPolicies {
  if (inspection.kind === 'valid') return inspection.loaded
  const [first] = inspection.findings
  throw new GatewayError('policy-invalid', {
    facts: {
      fault: first?.fault ?? 'validation',
      policy: first?.policy ?? 0,
      line: first?.line ?? 0,
      findings: inspection.findings.length,
    },
  })
}

/** As `loadPolicies`, with every finding instead of an error. */
export function inspectPolicies(
  text: string,
  nowMs: number,
  subject: PolicySubject = 'gateway',
): PolicyInspection {
  const split = splitStatements(text)
  if (split.kind === 'fault')
    return invalid([finding(split.fault, { policy: 0, line: split.line })])
  try {
    return inspectStatements(split.statements, nowMs, SCHEMAS[subject]())
  } catch (error) {
    return invalid([finding('wasm-failed', NOWHERE, String(error))])
  }
}

function inspectStatements(
  statements: readonly PolicyStatement[],
  nowMs: number,
  schema: string,
): PolicyInspection {
  const policies: LoadedPolicy[] = []
  const findings: PolicyFinding[] = []
  const ids = new Set<string>()
  for (const [index, statement] of statements.entries()) {
    const policy = parseStatement(statement, index + 1)
    if ('fault' in policy) {
      findings.push(policy)
    } else if (ids.has(policy.id)) {
      findings.push(finding('duplicate-id', { policy: index + 1, line: statement.line }))
    } else if (policy.expiresAtMs !== undefined && policy.expiresAtMs <= nowMs) {
      findings.push(finding('expired', { policy: index + 1, line: statement.line }))
    } else {
      ids.add(policy.id)
      policies.push(policy)
    }
  }
  if (findings.length > 0) return invalid(findings)
  const faults = validatePolicies(policies, schema)
  return faults.length > 0 ? invalid(faults) : { kind: 'valid', loaded: { policies } }
}

function parseStatement(
  { text, line }: PolicyStatement,
  policy: number,
): LoadedPolicy | PolicyFinding {
  const parsed = policyToJson(text)
  if (parsed.type === 'failure') {
    if (templateToJson(text).type === 'success') return finding('template', { policy, line })
    const [error] = parsed.errors
    return finding('syntax', { policy, line: line + lineOffset(text, error) }, error?.message)
  }
  const { json } = parsed
  const { id, title, reason, expires } = annotationsOf(json)
  if (id === '') return finding('missing-id', { policy, line })
  if (reason === '') return finding('missing-reason', { policy, line })
  const expiresAtMs = expires === undefined ? undefined : expiryOf(expires)
  if (expires !== undefined && (expiresAtMs === undefined || json.effect === 'forbid'))
    return finding('bad-expires', { policy, line })
  if (!isWithinLevelOne(json.conditions)) return finding('level', { policy, line })
  return { id, title, reason, line, expiresAtMs, text, json }
}

function annotationsOf({ annotations = {} }: PolicyJson) {
  const { id, title, reason, expires } = annotations
  return {
    id: id ?? '',
    title: title ?? undefined,
    reason: reason ?? '',
    // Cedar says null for an annotation without a value.
    expires: expires === null ? '' : expires,
  }
}

function validatePolicies(
  policies: readonly LoadedPolicy[],
  schema: string,
): readonly PolicyFinding[] {
  // Cedar gives text policies ids of its own, so the text goes in under ours.
  const numberOf = new Map(policies.map((policy, index) => [policy.id, index]))
  const answer = validate({
    validationSettings: { mode: 'strict' },
    schema,
    policies: {
      staticPolicies: Object.fromEntries(policies.map((policy) => [policy.id, policy.text])),
    },
  })
  if (answer.type === 'failure')
    return answer.errors.map((error) => finding('validation', NOWHERE, error.message))
  const perPolicy = [...answer.validationErrors, ...answer.validationWarnings].map(
    ({ policyId, error }) => {
      const index = numberOf.get(policyId) ?? -1
      const policy = policies[index]
      const line = policy === undefined ? 0 : policy.line + lineOffset(policy.text, error)
      return finding('validation', { policy: index + 1, line }, error.message)
    },
  )
  return [
    ...perPolicy,
    ...answer.otherWarnings.map((error) => finding('validation', NOWHERE, error.message)),
  ]
}

/** Lines between the start of a text and the place of an error in it. */
function lineOffset(text: string, error: DetailedError | undefined): number {
  const start = error?.sourceLocations?.[0]?.start ?? 0
  return Buffer.from(text, 'utf8').subarray(0, start).toString('utf8').split('\n').length - 1
}

function finding(
  fault: PolicyFault,
  place: { readonly policy: number; readonly line: number },
  explanation: string = REMEDIES[fault] ?? fault,
): PolicyFinding {
  return { fault, ...place, explanation }
}

/** An inspection with one finding that is no single policy's. */
export function refused(fault: PolicyFault, explanation?: string): PolicyInspection {
  return invalid([finding(fault, NOWHERE, explanation)])
}

function invalid(findings: readonly PolicyFinding[]): PolicyInspection {
  return { kind: 'invalid', findings }
}

const SCHEMAS = {
  gateway: gatewaySchema,
  moderation: moderationSchema,
  routing: routingSchema,
} as const
const NOWHERE = { policy: 0, line: 0 }
/** What would be right, where neither Cedar nor the finding says it. */
const REMEDIES: Readonly<Partial<Record<PolicyFault, string>>> = {
  'missing-id': 'begin the policy with @id("a-name-of-its-own")',
  'missing-reason': 'say in @reason("…") why the policy is there',
  'duplicate-id': 'a policy before has this @id: give each policy its own',
  template: 'put an entity in place of ?principal or ?resource: templates are not taken',
  'bad-expires':
    'write the first day on which the grant has ended as @expires("2027-01-31"), on a permit: a forbid stays until it is taken out',
  expired: 'the grant has ended: take the policy out, or give @expires a later day',
  level:
    'look only at principal, action, resource and context, and at their own attributes and groups: nothing is known of other entities when a request is decided',
  'text-too-long': 'keep all policies together within 262,144 characters',
  'too-many-policies': 'keep to 1,000 policies',
  'too-deep': 'nest brackets at most 64 deep',
  'too-complex': 'split the policy: at most 200 operators and 300 dots in one',
  'literal-too-large': 'keep integers within 2^53',
  'unclosed-string': 'close the string that begins here',
  'unbalanced-brackets': 'close every bracket within its policy, and none twice',
  'unfinished-policy': 'end every policy with a semicolon',
  'not-text': 'save the files as UTF-8',
  'self-test': 'Cedar and the compiled policies differ: report it, with the policies',
  'time-or-memory': 'simplify the policies: checking them took too much time or memory',
}
