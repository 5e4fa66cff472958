import type { ModerationQueue } from '../../policy/moderation/vocabulary.ts'

/** 0 is the worst. */
export const severities = [0, 1, 2, 3, 4] as const
export type Severity = (typeof severities)[number]

export interface Triage {
  readonly queue: ModerationQueue
  readonly severity: Severity
  /** About a moderator or a provider, or an appeal: apart from all other cases. */
  readonly isolated: boolean
}

/** The queue and severity of a category; one that is not known waits with the rest. */
export function triage(category: string): Triage {
  const severity = categorySeverities.get(category) ?? 3
  const [group = ''] = category.split('.')
  const queue = QUEUES.get(group) ?? 'other'
  return { queue, severity, isolated: queue === 'complaints' }
}

/** Each category that is not of severity 3, by default. */
const categorySeverities: ReadonlyMap<string, Severity> = new Map<string, Severity>([
  ...of(0, 'child', 'child.csam', 'child.grooming', 'danger.self_harm'),
  ...of(1, 'violence.threats', 'violence.extremist', 'violence.trafficking', 'violence.domestic'),
  ...of(1, 'adult.sexual_abuse', 'adult.ncii', 'adult.sexual_violence'),
  ...of(1, 'child.privacy', 'child.harassment'),
  ...of(2, 'harassment.targeted', 'harassment.hate', 'harassment.doxxing', 'violence'),
  ...of(2, 'adult.deepfake', 'adult.animal', 'danger', 'danger.eating', 'danger.challenges'),
  ...of(2, 'tos.hacking', 'system.moderator', 'system.provider'),
  ...of(4, 'spam', 'spam.flooding', 'harassment.trolling', 'adult', 'tos', 'other'),
])

/** How long a case of a severity may wait, in ms. */
export const DEADLINES_MS: Readonly<Record<Severity, number>> = {
  0: 3_600_000,
  1: 6 * 3_600_000,
  2: 24 * 3_600_000,
  3: 72 * 3_600_000,
  4: 168 * 3_600_000,
}

/** The time in which the priority of a waiting case doubles, in ms. */
export const PRIORITY_DOUBLES_MS = 86_400_000

/**
 * Severity × the weight of the reporters × age: 16, 8, 4, 2 or 1 by severity, times the weight, doubling
 * each day.
 */
export function priorityOf(
  standing: { readonly severity: number; readonly weight: number; readonly openedAtMs: number },
  nowMs: number,
): number {
  return 2 ** (rankOf(standing) + nowMs / PRIORITY_DOUBLES_MS)
}

/**
 * The binary logarithm of the priority without the present: as all cases double at the same pace, their
 * order is that of their ranks at any time, so that an index can keep it.
 */
export function rankOf({
  severity,
  weight,
  openedAtMs,
}: {
  readonly severity: number
  readonly weight: number
  readonly openedAtMs: number
}): number {
  return 4 - severity + Math.log2(Math.max(weight, WEIGHT_MIN)) - openedAtMs / PRIORITY_DOUBLES_MS
}

/** Nothing weighs less in a rank: nothing is never looked at. */
export const WEIGHT_MIN = 0.01

function of(severity: Severity, ...categories: readonly string[]): [string, Severity][] {
  return categories.map((category) => [category, severity])
}

const QUEUES: ReadonlyMap<string, ModerationQueue> = new Map([
  ['spam', 'spam'],
  ['harassment', 'harassment'],
  ['violence', 'violence'],
  ['adult', 'adult'],
  ['child', 'child-safety'],
  ['danger', 'danger'],
  ['tos', 'terms'],
  ['system', 'complaints'],
  ['appeal', 'complaints'],
])
