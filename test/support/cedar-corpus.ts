import { policySetTextToParts, policyToJson, schemaToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { authorize, type Authorization } from '../../src/policy/compile/authorize.ts'
import { compilePolicySet } from '../../src/policy/compile/compile-policy.ts'
import { entitiesFromJson, type EvaluationRequest } from '../../src/policy/compile/entities.ts'
import { withExactIntegers } from '../../src/policy/compile/exact-integers.ts'
import {
  entityFromJson,
  jsonArray,
  jsonObject,
  jsonText,
  valueFromJson,
  type JsonObject,
} from '../../src/policy/compile/json-values.ts'
import { createPolicyIndex } from '../../src/policy/compile/policy-index.ts'

/** One request of the corpus with what Cedar says of it and what we say, over all policies and by the index. */
export interface CorpusAnswer {
  readonly name: string
  readonly expected: Authorization
  readonly indexed: Authorization
}

/** Runs one test of the official corpus, `<name>.json` and the files that it names. */
export function runCorpusTest(
  files: ReadonlyMap<string, string>,
  name: string,
  pathOf: (path: string) => string,
): readonly CorpusAnswer[] {
  const read = (path: unknown): string => {
    const text = files.get(pathOf(jsonText(path)))
    if (text === undefined) throw new Error(`no file ${String(path)}`)
    return text
  }
  const corpusTest = jsonObject(parseExactly(read(name)))
  const index = createPolicyIndex(compilePolicySet(policySetOf(read(corpusTest['policies']))))
  const entities = entitiesFromJson([
    ...actionEntities(read(corpusTest['schema'])),
    ...jsonArray(parseExactly(read(corpusTest['entities']))),
  ])
  return jsonArray(corpusTest['requests']).map((json, number) => {
    const request = jsonObject(json)
    const asked = requestOf(request, entities)
    return {
      name: `${name} ${number}`,
      expected: expectedOf(request),
      indexed: sorted(authorize(index.candidates(asked), asked)),
    }
  })
}

function requestOf(json: JsonObject, entities: EvaluationRequest['entities']): EvaluationRequest {
  const context = valueFromJson(json['context'])
  if (typeof context !== 'object' || context.kind !== 'record') throw new Error('no context')
  return {
    principal: entityFromJson(json['principal']),
    action: entityFromJson(json['action']),
    resource: entityFromJson(json['resource']),
    context,
    entities,
  }
}

/** Cedar names the policies of a text `policy0`, `policy1`, in the order of the text; parts come sorted by these names as texts. */
function policySetOf(text: string): Parameters<typeof compilePolicySet>[0] {
  const parts = policySetTextToParts(text)
  if (parts.type === 'failure') throw new Error('corpus policies do not parse')
  if (parts.policy_templates.length > 0) throw new Error('corpus policies have templates')
  const ids = parts.policies.map((_, number) => `policy${number}`).toSorted()
  return {
    policies: new Map(
      parts.policies.map((policy, at) => {
        const parsed = policyToJson(policy)
        if (parsed.type === 'failure') throw new Error('corpus policy does not parse')
        return [ids[at] ?? '', withExactIntegers(policy, parsed.json)]
      }),
    ),
  }
}

/** Actions are entities, with the groups that the schema says. */
function actionEntities(schema: string): readonly unknown[] {
  const parsed = schemaToJson(schema.startsWith('{') ? JSON.parse(schema) : schema)
  if (parsed.type === 'failure') throw new Error('corpus schema does not parse')
  return Object.entries(parsed.json).flatMap(([namespace, { actions }]) => {
    const type = namespace === '' ? 'Action' : `${namespace}::Action`
    return Object.entries(actions).map(([id, action]) => ({
      uid: { type, id },
      attrs: action.attributes ?? {},
      parents: (action.memberOf ?? []).map((group) => ({ type: group.type ?? type, id: group.id })),
    }))
  })
}

function expectedOf(json: JsonObject): Authorization {
  return sorted({
    decision: json['decision'] === 'allow' ? 'allow' : 'deny',
    reason: jsonArray(json['reason']).map(jsonText),
    errors: jsonArray(json['errors']).map(jsonText),
  })
}

function sorted({ decision, reason, errors }: Authorization): Authorization {
  return { decision, reason: reason.toSorted(), errors: errors.toSorted() }
}

function parseExactly(text: string): unknown {
  return JSON.parse(text, reviveInteger)
}

/** Integers beyond 2^53 become bigints. */
function reviveInteger(
  _name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && context?.source !== undefined
    ? BigInt(context.source)
    : value
}
