import { decode, opaque, struct, text, uint8 } from '../wire/codec.ts'
import type { AbuseReport } from '../wire/mimi/report-abuse.ts'
import { componentData } from '../wire/mls/app-data.ts'

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

/**
 * The category of a report. The draft's own reason says nothing yet, so it stands in the private
 * extension 0xF0A2; `unspecified` where that is absent or names none of ours. Throws `WireError`.
 */
export function categoryOf(report: AbuseReport): string {
  const extension = componentData(report.abuseExtensions, reportExtensionComponent)
  if (extension === undefined) return 'unspecified'
  const { code } = decode(reportExtensionCodec, extension)
  return known.has(code) ? code : 'unspecified'
}

/** Of the private range of component ids. */
export const reportExtensionComponent = 0xf0a2

/** The four last fields are for later: a proof by the reporter, sealed messages, MLS evidence. */
export const reportExtensionCodec = struct({
  code: text(64),
  consentFlags: uint8,
  reporterProof: opaque(65_536),
  sealedMessages: opaque(1_048_576),
  mlsEvidence: opaque(1_048_576),
})

const known: ReadonlySet<string> = new Set(reportCategories)
