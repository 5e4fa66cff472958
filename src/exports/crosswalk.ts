import type { reportCategories } from '../reports/categories.ts'

/** What one of our categories is called elsewhere. */
export interface CategoryElsewhere {
  /** `STATEMENT_CATEGORY_` of the DSA Transparency Database; undefined where nothing was said by anybody. */
  readonly dsa?: string
  /** `KEYWORD_` of the same. */
  readonly keyword?: string
  /** `Feedback-Type`. RFC 5965 §3.1, §7.3 */
  readonly arf: 'abuse' | 'fraud' | 'virus' | 'other'
  /** The type of XARF 4.2 that would fit: `url` needs the address of something on the web. */
  readonly xarf?: 'spam' | 'bulk' | 'url'
}

/** Undefined for a category that is none of ours. */
export function elsewhere(category: string): CategoryElsewhere | undefined {
  return Object.hasOwn(CROSSWALK, category)
    ? (CROSSWALK as Readonly<Record<string, CategoryElsewhere>>)[category]
    : undefined
}

const CROSSWALK = {
  spam: { dsa: 'SCAMS_AND_FRAUD', arf: 'abuse', xarf: 'spam' },
  'spam.flooding': { dsa: 'OTHER_VIOLATION_TC', arf: 'abuse', xarf: 'bulk' },
  'spam.fraud': { dsa: 'SCAMS_AND_FRAUD', keyword: 'PHISHING', arf: 'fraud', xarf: 'url' },
  'spam.impersonation': {
    dsa: 'SCAMS_AND_FRAUD',
    keyword: 'IMPERSONATION_ACCOUNT_HIJACKING',
    arf: 'fraud',
  },
  'spam.election': {
    dsa: 'NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS',
    keyword: 'MISINFORMATION_DISINFORMATION',
    arf: 'other',
  },
  harassment: { dsa: 'CYBER_VIOLENCE', keyword: 'CYBER_HARASSMENT', arf: 'other' },
  'harassment.trolling': {
    dsa: 'CYBER_VIOLENCE',
    keyword: 'CYBER_BULLYING_INTIMIDATION',
    arf: 'other',
  },
  'harassment.targeted': { dsa: 'CYBER_VIOLENCE', keyword: 'CYBER_STALKING', arf: 'other' },
  'harassment.hate': { dsa: 'ILLEGAL_OR_HARMFUL_SPEECH', keyword: 'HATE_SPEECH', arf: 'other' },
  'harassment.doxxing': { dsa: 'DATA_PROTECTION_AND_PRIVACY_VIOLATIONS', arf: 'other' },
  violence: { dsa: 'VIOLENCE', arf: 'other' },
  'violence.threats': { dsa: 'VIOLENCE', keyword: 'INCITEMENT_VIOLENCE_HATRED', arf: 'other' },
  'violence.graphic': { dsa: 'VIOLENCE', arf: 'other' },
  'violence.glorification': { dsa: 'VIOLENCE', arf: 'other' },
  'violence.extremist': {
    dsa: 'RISK_FOR_PUBLIC_SECURITY',
    keyword: 'TERRORIST_CONTENT',
    arf: 'other',
  },
  'violence.trafficking': {
    dsa: 'RISK_FOR_PUBLIC_SECURITY',
    keyword: 'HUMAN_TRAFFICKING',
    arf: 'other',
  },
  'violence.domestic': { dsa: 'VIOLENCE', arf: 'other' },
  'violence.animal': { dsa: 'ANIMAL_WELFARE', keyword: 'ANIMAL_HARM', arf: 'other' },
  adult: { dsa: 'OTHER_VIOLATION_TC', keyword: 'NUDITY', arf: 'other' },
  'adult.sexual_abuse': { dsa: 'VIOLENCE', arf: 'other' },
  'adult.ncii': { dsa: 'CYBER_VIOLENCE', keyword: 'NON_CONSENSUAL_IMAGE_SHARING', arf: 'other' },
  'adult.deepfake': {
    dsa: 'CYBER_VIOLENCE',
    keyword: 'NON_CONSENSUAL_MATERIAL_DEEPFAKE',
    arf: 'other',
  },
  'adult.animal': { dsa: 'ANIMAL_WELFARE', arf: 'other' },
  'adult.sexual_violence': { dsa: 'VIOLENCE', arf: 'other' },
  child: { dsa: 'PROTECTION_OF_MINORS', arf: 'other' },
  'child.csam': {
    dsa: 'PROTECTION_OF_MINORS',
    keyword: 'CHILD_SEXUAL_ABUSE_MATERIAL',
    arf: 'other',
    xarf: 'url',
  },
  'child.grooming': {
    dsa: 'PROTECTION_OF_MINORS',
    keyword: 'GROOMING_SEXUAL_ENTICEMENT_MINORS',
    arf: 'other',
  },
  'child.privacy': { dsa: 'PROTECTION_OF_MINORS', arf: 'other' },
  'child.harassment': { dsa: 'PROTECTION_OF_MINORS', arf: 'other' },
  danger: { dsa: 'SELF_HARM', arf: 'other' },
  'danger.self_harm': { dsa: 'SELF_HARM', keyword: 'SUICIDE', arf: 'other' },
  'danger.eating': {
    dsa: 'SELF_HARM',
    keyword: 'CONTENT_PROMOTING_EATING_DISORDERS',
    arf: 'other',
  },
  'danger.challenges': { dsa: 'PROTECTION_OF_MINORS', keyword: 'UNSAFE_CHALLENGES', arf: 'other' },
  'danger.substances': { dsa: 'SELF_HARM', arf: 'other' },
  tos: { dsa: 'OTHER_VIOLATION_TC', arf: 'other' },
  'tos.hacking': { dsa: 'OTHER_VIOLATION_TC', arf: 'virus', xarf: 'url' },
  'tos.prohibited': {
    dsa: 'UNSAFE_AND_PROHIBITED_PRODUCTS',
    keyword: 'PROHIBITED_PRODUCTS',
    arf: 'other',
  },
  'tos.ban_evasion': { dsa: 'OTHER_VIOLATION_TC', arf: 'other' },
  other: { dsa: 'NOT_SPECIFIED_NOTICE', arf: 'other' },
  'system.moderator': { arf: 'other' },
  'system.provider': { arf: 'other' },
  appeal: { arf: 'other' },
} as const satisfies Record<(typeof reportCategories)[number], CategoryElsewhere>
