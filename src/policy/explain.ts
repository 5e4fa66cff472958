import { compiledEngine } from './compiled-engine.ts'
import type { CedarRequest } from './engine.ts'
import { ladders } from './ladders.ts'
import type { LoadedPolicies } from './load.ts'

export interface Explanation {
  readonly decision: 'allow' | 'deny'
  /** The forms of the ladder that the action is on, most exposing first. */
  readonly forms: readonly {
    readonly action: string
    readonly decision: 'allow' | 'deny'
    /** The policies that decide, or whose evaluation fails. */
    readonly policies: readonly DecidingPolicy[]
  }[]
}

interface DecidingPolicy {
  readonly id: string
  readonly title: string
  readonly reason: string
  /** Where it begins in all files together, counted from 1. */
  readonly line: number
}

/** Why a request is answered as it is, and what would be answered for the other forms of its field. */
export function explainRequest(loaded: LoadedPolicies, request: CedarRequest): Explanation {
  const engine = compiledEngine(loaded)
  const ladder = ladders().find(({ rungs }) => rungs.some((rung) => rung.action === request.action))
  const forms = (ladder?.rungs ?? []).map(({ action }) => {
    const { decision, policies } = engine.decide({ ...request, action })
    const deciding = loaded.policies
      .filter(({ id }) => policies.includes(id))
      .map(({ id, title = '', reason, line }) => ({ id, title, reason, line }))
    return { action, decision, policies: deciding }
  })
  return { decision: engine.decide(request).decision, forms }
}
