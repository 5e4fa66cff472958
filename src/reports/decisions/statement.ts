import { expiryOf, reversibility, type Sanction } from '../../model/sanctions.ts'
import { APPEAL_WINDOW_MS } from '../cases/case-state.ts'
import type { Automation, DecisionForm, Ground } from './decision-form.ts'

/** Why something was decided, as whoever is concerned and the public may read it; without content. */
export interface StatementOfReasons {
  /** The decision's id. */
  readonly id: string
  readonly decidedAtMs: number
  readonly room: string
  readonly subject: string
  readonly outcome: string
  readonly category: string
  readonly facts: string
  readonly ground: Ground | undefined
  /** All that we act upon comes from reports: nothing is scanned. */
  readonly source: 'report'
  readonly automation: Automation
  readonly scope: {
    /** ISO 3166-1 alpha-2; empty: everywhere. */
    readonly territories: readonly string[]
    readonly restrictions: readonly Restriction[]
  }
  /** How to object; undefined where nothing was done. */
  readonly redress: Redress | undefined
}

export interface Restriction {
  readonly kind: string
  /** A participant, `message:` and an id, or a provider. */
  readonly target: string
  /** Undefined: until it is taken back. */
  readonly untilMs: number | undefined
  /** What taking it back restores. */
  readonly reversibility: string
}

export interface Redress {
  /** Another person decides it. */
  readonly appeal: 'to-another-moderator'
  readonly appealUntilMs: number
  readonly others: readonly string[]
}

/** Makes the statement of a decision as it is taken. */
export function statementOf(
  form: DecisionForm,
  sanctions: readonly Sanction[],
  decision: Pick<StatementOfReasons, 'id' | 'decidedAtMs' | 'room' | 'subject'>,
): StatementOfReasons {
  const { outcome, category, facts, ground, automation, territories } = form
  const acted = outcome === 'action'
  return {
    ...decision,
    outcome,
    category,
    facts,
    ground,
    source: 'report',
    automation,
    scope: { territories, restrictions: sanctions.filter(restricts).map(restrictionOf) },
    redress: acted
      ? {
          appeal: 'to-another-moderator',
          appealUntilMs: decision.decidedAtMs + APPEAL_WINDOW_MS,
          others: ['out-of-court-settlement', 'court'],
        }
      : undefined,
  }
}

function restricts({ kind }: Sanction): boolean {
  return kind !== 'notify'
}

/** One restriction as statements and previews name it. */
export function restrictionOf(sanction: Sanction): Restriction {
  return {
    kind: sanction.kind,
    target: targetOf(sanction),
    untilMs: expiryOf(sanction),
    reversibility: reversibility(sanction.kind),
  }
}

function targetOf(sanction: Sanction): string {
  switch (sanction.kind) {
    case 'ban':
    case 'unban':
    case 'limit':
    case 'unlimit':
    case 'notify':
      return sanction.participant
    case 'retract':
    case 'restore':
      return `message:${sanction.message.messageId ?? ''}`
    case 'label':
    case 'unlabel':
      return sanction.target.kind === 'participant'
        ? sanction.target.participant
        : `message:${sanction.target.messageId ?? ''}`
    case 'strike':
    case 'retract-strike':
      return sanction.provider
  }
}
