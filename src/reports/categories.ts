/** What a report can be about: the ids of MSC4456 without their prefix, and our own for complaints and appeals. */
export const reportCategories = [
  'spam',
  'spam.flooding',
  'spam.fraud',
  'spam.impersonation',
  'spam.election',
  'harassment',
  'harassment.trolling',
  'harassment.targeted',
  'harassment.hate',
  'harassment.doxxing',
  'violence',
  'violence.threats',
  'violence.graphic',
  'violence.glorification',
  'violence.extremist',
  'violence.trafficking',
  'violence.domestic',
  'violence.animal',
  'adult',
  'adult.sexual_abuse',
  'adult.ncii',
  'adult.deepfake',
  'adult.animal',
  'adult.sexual_violence',
  'child',
  'child.csam',
  'child.grooming',
  'child.privacy',
  'child.harassment',
  'danger',
  'danger.self_harm',
  'danger.eating',
  'danger.challenges',
  'danger.substances',
  'tos',
  'tos.hacking',
  'tos.prohibited',
  'tos.ban_evasion',
  'other',
  'system.moderator',
  'system.provider',
  'appeal',
] as const

/** The code where it is one of ours, else `unspecified`: the draft's own reason says nothing yet. */
export function knownCategory(code: string | undefined): string {
  return code !== undefined && known.has(code) ? code : 'unspecified'
}

const known: ReadonlySet<string> = new Set(reportCategories)
