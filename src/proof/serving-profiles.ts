/** The built-in suites, each with a profile whose policies serve it. */
export const servingProfiles = {
  'bare-minimum': 'consumer',
  'moderated-pseudonyms': 'trust-and-safety',
  identified: 'enterprise',
  compliance: 'enterprise',
} as const
export type ServedSuite = keyof typeof servingProfiles
