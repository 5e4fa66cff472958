import { z } from 'zod'
import { operations } from '../model/exchange.ts'
import { audiences, purposes } from '../model/metadata.ts'
import { senderTiers } from '../model/sender-tier.ts'
import { countsAction, moderationActions, moderatorRoles } from './moderation/vocabulary.ts'
import {
  authorityKinds,
  disclosureKinds,
  reportKinds,
  verificationMethods,
} from './routing/vocabulary.ts'
import { peerClasses, policySuites, regions, roomProfiles } from './vocabulary.ts'

const directions = ['ingress', 'egress'] as const

/** A request as people write it for tests and for `postern policy explain`. */
export const policyRequestSchema = z.strictObject({
  principal: z.strictObject({
    id: z.string(),
    class: z.enum(peerClasses),
    region: z.enum(regions),
    agreement: z.boolean(),
    verified: z.boolean(),
    groups: z.array(z.string()),
  }),
  action: z.string(),
  resource: z.strictObject({
    id: z.string(),
    suite: z.enum(policySuites),
    profile: z.enum(roomProfiles),
    region: z.enum(regions),
    tenant: z.string(),
  }),
  context: z.union([
    z.strictObject({
      purpose: z.enum(purposes),
      audience: z.enum(audiences),
      direction: z.enum(directions),
      operation: z.enum(operations),
    }),
    z.strictObject({
      direction: z.enum(directions),
      local: z.boolean(),
      tier: z.enum(senderTiers),
    }),
  ]),
})

/** A file of a folder `ALLOW` or `DENY`: a request with the policies that should decide it. */
export const policyCaseSchema = policyRequestSchema.extend({
  reason: z.array(z.string()),
  errors: z.array(z.string()),
})

const moderator = z.string().optional()
const moderationCase = {
  principal: z.strictObject({
    name: z.string(),
    roles: z.array(z.enum(moderatorRoles)),
    queues: z.array(z.string()),
    exposuresLeft: z.number(),
    onBreak: z.boolean(),
  }),
  context: z.strictObject({ mfa: z.boolean(), purpose: z.string() }),
  reason: z.array(z.string()),
  errors: z.array(z.string()),
}

/** The same for what moderators may do. */
export const moderationCaseSchema = z.discriminatedUnion('action', [
  z.strictObject({
    ...moderationCase,
    action: z.enum(moderationActions),
    resource: z.strictObject({
      id: z.string(),
      queue: z.string(),
      childSafety: z.boolean(),
      media: z.boolean(),
      legalHold: z.boolean(),
      irreversible: z.boolean(),
      holder: moderator,
      decider: moderator,
      approver: moderator,
      accused: moderator,
    }),
  }),
  z.strictObject({ ...moderationCase, action: z.literal(countsAction) }),
])

/** The same for where reports go. */
export const routingCaseSchema = z.strictObject({
  principal: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('provider'), domain: z.string() }),
    z.strictObject({ kind: z.literal('room-moderators'), team: z.string() }),
    z.strictObject({
      kind: z.literal('authority'),
      name: z.string(),
      authority: z.enum(authorityKinds),
    }),
  ]),
  disclosure: z.enum(disclosureKinds),
  report: z.strictObject({
    id: z.string(),
    kind: z.enum(reportKinds),
    category: z.string(),
    restricted: z.boolean(),
    verification: z.enum(verificationMethods),
    hub: z.string(),
    senderProvider: z.string(),
    reporterProvider: z.string(),
    accusedProvider: z.string().optional(),
    accusedTeam: z.string().optional(),
    team: z.string().optional(),
    anonymitySet: z.int(),
    consentForward: z.boolean(),
    consentEvidence: z.boolean(),
    discloseReporter: z.boolean(),
    humanConfirmed: z.boolean(),
    decided: z.boolean(),
  }),
  providers: z.array(
    z.strictObject({
      domain: z.string(),
      trust: z.int(),
      hostile: z.boolean(),
      singleUser: z.boolean(),
    }),
  ),
  legalOrder: z.boolean(),
  reason: z.array(z.string()),
  errors: z.array(z.string()),
})
