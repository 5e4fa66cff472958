import type { Automation, Ground } from '../reports/decisions/decision-form.ts'
import { elsewhere, type CategoryElsewhere } from './crosswalk.ts'
import type { DecidedCase } from './decided-case.ts'
import { dayOf, restrictionFields, type RestrictionFields } from './dsa-restrictions.ts'
import { namesSomebody } from './names-somebody.ts'
import { made, refused, type Exported } from './refusal.ts'
import type { DsaSettings } from './settings.ts'
import { referenceOf } from './references.ts'
import { eeaTerritories } from './territories.ts'

/**
 * A statement of reasons for the Commission's Transparency Database, as of July 2025. Regulation (EU)
 * 2022/2065, Articles 17 and 24(5). INVARIANT: no person and no room is named, and nothing that a
 * moderator wrote stands in it but the reference and the public explanation of the ground.
 */
export interface DsaStatement extends RestrictionFields, GroundFields {
  readonly content_type: readonly ['CONTENT_TYPE_OTHER']
  readonly content_type_other: string
  readonly category: string
  readonly category_specification?: readonly string[]
  readonly territorial_scope: readonly string[]
  readonly content_language?: string
  /** `YYYY-MM-DD`. */
  readonly content_date: string
  readonly application_date: string
  readonly decision_facts: string
  readonly source_type: 'SOURCE_ARTICLE_16'
  readonly automated_detection: 'Yes' | 'No'
  readonly automated_decision: string
  /** Of the decision, and always the same. */
  readonly puid: string
}

interface GroundFields {
  readonly decision_ground:
    'DECISION_GROUND_ILLEGAL_CONTENT' | 'DECISION_GROUND_INCOMPATIBLE_CONTENT'
  readonly decision_ground_reference_url?: string
  readonly illegal_content_legal_ground?: string
  readonly illegal_content_explanation?: string
  readonly incompatible_content_ground?: string
  readonly incompatible_content_explanation?: string
}

/** Whether statements about decisions in this room are owed at all. */
export function appliesTo({ rooms }: DsaSettings, room: string): boolean {
  return rooms === 'all' || rooms.includes(room)
}

export function dsaStatement(
  decided: DecidedCase,
  settings: DsaSettings | undefined,
): Exported<DsaStatement> {
  const { statement, room } = decided
  if (settings === undefined || !appliesTo(settings, room)) return refused('dsa-not-applicable')
  const { ground, automation, category, decidedAtMs } = statement
  if (!decided.acts || ground === undefined) return refused('not-decided')
  const names = elsewhere(category)
  if (decided.isComplaint || names?.dsa === undefined) return refused('complaint')
  if (publicWords(ground).some((words) => namesSomebody(words, decided)))
    return refused('names-somebody')
  const territories = territoriesOf(statement.scope.territories, settings)
  if (territories.length === 0) return refused('outside-eea')
  return made({
    ...restrictionFields(statement.scope.restrictions, decidedAtMs),
    ...groundFields(ground, category, settings),
    ...CONTENT,
    ...categoryFields(names),
    territorial_scope: territories,
    ...(settings.language !== undefined && { content_language: settings.language }),
    content_date: dayOf(Math.min(decided.firstAtMs, decidedAtMs)),
    application_date: dayOf(decidedAtMs),
    decision_facts: factsOf(decided.verified, automation),
    source_type: 'SOURCE_ARTICLE_16',
    automated_detection: automation.detection ? 'Yes' : 'No',
    automated_decision: AUTOMATED[automation.decision],
    puid: referenceOf('dsa', statement.id),
  })
}

/** The only words of a moderator that go out. */
function publicWords({ reference, publicExplanation = '' }: Ground): readonly string[] {
  return [reference, publicExplanation]
}

function groundFields(ground: Ground, category: string, { termsUrl }: DsaSettings): GroundFields {
  const { kind, reference } = ground
  const explanation =
    ground.publicExplanation ??
    `What was reported falls under the category "${category}" of our own.`
  return kind === 'law'
    ? {
        decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT',
        illegal_content_legal_ground: reference,
        illegal_content_explanation: explanation,
      }
    : {
        decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
        ...(termsUrl !== undefined && { decision_ground_reference_url: termsUrl }),
        incompatible_content_ground: reference,
        incompatible_content_explanation: explanation,
      }
}

function categoryFields({ dsa, keyword }: CategoryElsewhere) {
  return {
    category: `STATEMENT_CATEGORY_${dsa ?? ''}`,
    ...(keyword !== undefined && { category_specification: [`KEYWORD_${keyword}`] }),
  }
}

/** Those of the decision that the database knows; where it named none it holds where the operator says. */
function territoriesOf(
  decided: readonly string[],
  { territories }: DsaSettings,
): readonly string[] {
  return decided.length === 0 ? territories : decided.filter((code) => EEA.has(code))
}

/** Put together from what is known, as what moderators write about facts is not for the public. */
function factsOf(verified: boolean, { detection, decision }: Automation): string {
  return [
    'Recipients reported messages of an end-to-end encrypted room.',
    verified
      ? 'That they were sent as reported was verified cryptographically.'
      : 'That they were sent as reported was not verified cryptographically.',
    detection ? 'A program drew attention to them.' : 'No message was scanned.',
    DECIDED[decision],
  ].join(' ')
}

const CONTENT = {
  content_type: ['CONTENT_TYPE_OTHER'],
  content_type_other: 'Message in an end-to-end encrypted room; its kind is not recorded.',
} as const
const AUTOMATED = {
  none: 'AUTOMATED_DECISION_NOT_AUTOMATED',
  partly: 'AUTOMATED_DECISION_PARTIALLY',
  fully: 'AUTOMATED_DECISION_FULLY',
} as const
const DECIDED = {
  none: 'A person decided.',
  partly: 'A person decided with the help of a program.',
  fully: 'A program decided.',
} as const
const EEA: ReadonlySet<string> = new Set(eeaTerritories)
