import { z } from 'zod'

const octets = (description: string) => z.string().meta({ contentEncoding: 'base64', description })
const uri = (description: string) => z.string().min(1).max(2_048).describe(description)

const reportedMessage = z.strictObject({
  content: octets('The exact application data that was decrypted'),
  frank: z.strictObject({
    serverFrank: octets('32 octets'),
    ciphersuite: z.int().min(0).max(65_535),
    signature: octets('The franking integrity signature'),
  }),
  acceptedTimestamp: z
    .int()
    .min(0)
    .describe("The hub's time of the message, in ms since the Unix epoch"),
})

/** What a provider's own app hands in about messages, or a user, of a room. */
const reportForm = z.strictObject({
  room: uri('The room'),
  subject: z.strictObject({ uri: uri('Whom it is about, as the room shows it') }),
  reporter: uri('Who reports; nobody is named where it is absent').optional(),
  category: z.string().max(64).describe('A category of the hub, see its requirements document'),
  note: z.string().max(16_384).optional(),
  messages: z.array(reportedMessage).max(20).optional(),
  consent: z
    .strictObject({
      forward: z
        .boolean()
        .optional()
        .describe("A notice to the sender's provider, and to moderators of the room"),
      evidence: z.boolean().optional().describe('With what was reported'),
      contact: z.boolean().optional().describe('Questions back'),
      disclose: z.boolean().optional().describe('With who reported it'),
    })
    .optional(),
  sealed: z
    .strictObject({
      messages: octets('Note and messages, sealed to the hub').optional(),
      proof: octets("The reporter's signature, sealed to the hub").optional(),
      mls: octets("The sender's MLS signatures, sealed to the hub").optional(),
    })
    .optional()
    .describe('See docs/reports.md'),
})
export type ReportForm = Readonly<z.infer<typeof reportForm>>

const spamForm = z.strictObject({
  room: uri('The room'),
  subject: z.strictObject({ uri: uri('The sender, as the room shows it') }),
  reporter: uri('Who reports; nobody is named where it is absent').optional(),
  frankingTag: octets('The franking tag of the message: 32 octets'),
})
export type SpamForm = Readonly<z.infer<typeof spamForm>>

/** The bodies of the report routes, by their names in the OpenAPI document. */
export const reportSchemas = {
  ReportToSend: reportForm,
  SpamToReport: spamForm,
  ReportAccepted: z.strictObject({
    receipt: z.string().describe('A JWS of the hub; by it the status can be asked for'),
  }),
  ReportStatus: z.strictObject({
    status: z
      .string()
      .regex(/^(received|under_review|decided:[a-z_]{1,32})$/)
      .describe('received, under_review, or decided: and the class of the outcome'),
  }),
} as const
