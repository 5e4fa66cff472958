import { z } from 'zod'
import { labelSchema } from '../metadata/labels/label.ts'
import { reportSchemas } from './report-schemas.ts'

const octets = (description: string) => z.string().meta({ contentEncoding: 'base64', description })
const uint16 = z.int().min(0).max(65_535)

/** The JSON bodies of the internal contract, by the names that its OpenAPI document gives them. */
export const internalSchemas = {
  RoomToCreate: z.strictObject({
    suite: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Name of the metadata suite; may be left out where the group pins one'),
    groupInfo: octets('The struct GroupInfo, without an MLSMessage header'),
    ratchetTree: octets('optional<Node> ratchet_tree<V>, with its length prefix'),
  }),
  RoomCreated: z.strictObject({ room: z.string(), epoch: z.int().min(0), suite: z.string() }),
  Room: z.strictObject({
    room: z.string(),
    suite: z.string(),
    epoch: z.int().min(0),
    treeHash: octets('Tree hash of the epoch'),
    confirmedTranscriptHash: octets('Confirmed transcript hash of the epoch'),
    ciphersuite: uint16,
    participants: z.array(z.strictObject({ user: z.string(), roleIndex: z.int().min(0) })),
  }),
  HubKeys: z.strictObject({
    frankingAgent: octets('FrankingAgentData'),
    externalSender: octets('ExternalSender'),
  }),
  Sanctions: z.strictObject({
    sanctions: z.array(
      z.strictObject({
        sequence: z.int().min(1),
        id: z.string(),
        kind: z.string(),
        room: z.string(),
        participant: z.string().optional(),
        frankingTag: z.string().optional().describe('64 hexadecimal digits'),
        messageId: z.string().optional().describe('64 hexadecimal digits'),
        divisor: z.int().min(2).optional().describe('The budget of others divided by this'),
        label: z.string().optional(),
        expiresAtMs: z.int().min(0).optional(),
      }),
    ),
  }),
  SanctionResult: z.strictObject({
    result: z.enum(['applied', 'left-to-gateway', 'failed']),
    dropped: z.int().min(0).max(1_000_000).default(0).describe('Copies that no client gets'),
  }),
  ReportNotices: z.strictObject({
    notices: z.array(
      z.strictObject({
        sequence: z.int().min(1),
        id: z.string(),
        room: z.string(),
        moderators: z.array(z.string()).describe('Whom to tell: participants of this provider'),
        subject: z.string().describe('The participant it is about'),
        category: z.string(),
        verification: z.enum(['frank', 'relay_log', 'mls_signature', 'none']),
        distinctReporters: z.enum(['1', '2-4', '5-9', '10+']),
        timeBucket: z.string().describe('The hour or the day, UTC'),
        messageIds: z.array(z.string()).describe('64 hexadecimal digits each'),
      }),
    ),
  }),
  AnonymitySet: z.strictObject({
    room: z.string(),
    provider: z.string(),
    people: z.int().min(0).describe('Participants of the provider, the reporter among them'),
    small: z.boolean().describe('Whether fewer than five: a report names its reporter'),
  }),
  Label: labelSchema,
  ...reportSchemas,
  Health: z.strictObject({ status: z.literal('ok') }),
  Problem: z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
} as const

export type SchemaName = keyof typeof internalSchemas
