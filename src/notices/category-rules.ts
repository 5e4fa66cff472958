import type { StrikeSeverity } from './messages.ts'

/** Whether only few may hear of a category: child safety, intimate images, extremism, trafficking, homes. */
export function isRestricted(category: string): boolean {
  return category === 'child' || category.startsWith('child.') || RESTRICTED.has(category)
}

/** How heavy a strike is for what was done. */
export function strikeSeverity(category: string): StrikeSeverity {
  if (isRestricted(category) || HIGH.has(category)) return 'high'
  const [group = ''] = category.split('.')
  return LOW_GROUPS.has(group) ? 'low' : 'medium'
}

const RESTRICTED: ReadonlySet<string> = new Set([
  'violence.extremist',
  'violence.trafficking',
  'violence.domestic',
  'adult.ncii',
  'adult.deepfake',
])
const HIGH: ReadonlySet<string> = new Set([
  'violence.threats',
  'adult.sexual_abuse',
  'adult.sexual_violence',
  'danger.self_harm',
])
const LOW_GROUPS: ReadonlySet<string> = new Set(['spam', 'tos', 'other', 'unspecified'])
