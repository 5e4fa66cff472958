import { GatewayError } from '../../model/errors.ts'
import type { StrikeSeverity } from '../../model/sanctions.ts'
import type { Outcome } from '../cases/case-state.ts'
import { reportCategories } from '../categories.ts'

/** What a moderator fills in. The statement of reasons is made of it. */
export interface DecisionForm {
  readonly outcome: Outcome
  /** What it was in the end: one of the report categories. */
  readonly category: string
  /** What was found, in plain text: 1 to 5,000 characters. */
  readonly facts: string
  /** What it breaks; needed where something is done. */
  readonly ground: Ground | undefined
  readonly automation: Automation
  /** ISO 3166-1 alpha-2 codes; none: everywhere. */
  readonly territories: readonly string[]
  readonly actions: readonly ActionDraft[]
}

export interface Ground {
  readonly kind: 'law' | 'terms'
  /** The article, or the section: 1 to 500 characters. */
  readonly reference: string
  /** Why it applies, for whoever is concerned: 1 to 2,000 characters. */
  readonly explanation: string
  /** The same for the public, without names and quotations; a standing sentence takes its place. */
  readonly publicExplanation?: string | undefined
}

export interface Automation {
  /** Whether a program drew attention to it. */
  readonly detection: boolean
  readonly decision: 'none' | 'partly' | 'fully'
}

/** Something to do about the subject of a case; days count from the decision. */
export type ActionDraft =
  | { readonly kind: 'ban' }
  | { readonly kind: 'limit'; readonly divisor: number; readonly days: number }
  /** Without an id: every message that was reported. */
  | { readonly kind: 'retract'; readonly messageId: string | undefined }
  | {
      readonly kind: 'label'
      readonly label: string
      readonly days: number
      readonly messageId: string | undefined
    }
  /** The tag is that of a verified message of the case. */
  | { readonly kind: 'strike'; readonly frankingTag: string; readonly severity: StrikeSeverity }
  | { readonly kind: 'notify' }

/**
 * Whether a form says all that a statement of reasons needs, and nothing that contradicts itself. Throws
 * `decision-invalid` with a reason.
 */
export function checkForm(form: DecisionForm): void {
  const reason = flawOf(form)
  if (reason !== undefined) throw new GatewayError('decision-invalid', { facts: { reason } })
}

function flawOf({ outcome, category, facts, ground, actions }: DecisionForm): string | undefined {
  if (!categories.has(category)) return 'category'
  if (facts.trim() === '' || facts.length > FACTS_MAX) return 'facts'
  if (actions.length > ACTIONS_MAX) return 'too-many-actions'
  if (outcome !== 'action') return actions.length > 0 ? 'action-without-outcome' : undefined
  if (!actions.some(({ kind }) => kind !== 'notify')) return 'outcome-without-action'
  if (ground === undefined) return 'ground'
  if (ground.reference.trim() === '' || ground.explanation.trim() === '') return 'ground'
  if (new Set(actions.map((action) => JSON.stringify(action))).size < actions.length)
    return 'repeated-action'
  return undefined
}

const categories: ReadonlySet<string> = new Set(reportCategories)
const FACTS_MAX = 5_000
const ACTIONS_MAX = 8
