import {
  limitPaths,
  limitsAnswerSchema,
  limitsListSchema,
  type LimitsAnswer,
  type LimitsList,
} from '../admin/limits-api.ts'
import type { ControlCall } from './control-call.ts'

/** Asks a running server about its limits. Every call throws `ControlError`. */
export interface LimitsClient {
  list(): Promise<LimitsList>
  /** The options as they were given; absent ones are undefined. */
  explain(question: Readonly<Record<string, string | undefined>>): Promise<LimitsAnswer>
}

export function createLimitsClient(call: ControlCall): LimitsClient {
  return {
    list: () => call(limitsListSchema, limitPaths.list),
    explain: (question) => {
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries(question))
        if (value !== undefined) query.set(name, value)
      return call(limitsAnswerSchema, `${limitPaths.explain}?${query.toString()}`)
    },
  }
}
