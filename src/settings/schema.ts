import { z } from 'zod'
import { membershipProofRules } from '../model/room-auth-key.ts'
import { peerClasses, regions, roomProfiles } from '../policy/vocabulary.ts'
import {
  addressField,
  assetDomainsField,
  domainField,
  domainKey,
  fileField,
  hostField,
  integer,
  oneOf,
  portField,
} from './fields.ts'
import { issuerSchema } from './issuer.ts'
import { limitsSchema } from './limits.ts'
import { moderationSchema } from './moderation.ts'
import { costsSchema, limiterStoreSchema, ratesSchema } from './rates.ts'
import { spentTokensSchema } from './spent-tokens.ts'
import { attestedSchema, privateSuitesSchema, requirementsSchema, suitesSchema } from './suites.ts'

const profiles = ['consumer', 'enterprise', 'trust-and-safety'] as const
const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

const expectedUrl = 'expected an http or https URL, or `unix:` and a path'

const peerSchema = z.strictObject({
  allow: z
    .boolean({ error: 'expected true or false' })
    .describe('Whether this provider is served at all. A provider that is not listed is refused.'),
  address: addressField
    .optional()
    .describe('Where its gateway listens, `host:port`. Without it: port 443 of its domain.'),
  class: oneOf(peerClasses).default('open').describe('How policies class it.'),
  region: oneOf(regions).default('OTHER').describe('Where it is, for policies.'),
  assetDomains: assetDomainsField.describe(
    'Hosts that keep its assets; from them only we fetch for others.',
  ),
  assetAddress: addressField
    .optional()
    .describe('Where these hosts listen, `host:port`. Without it: port 443 of the host.'),
  agreement: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('What policies call it: whether an agreement on metadata is in force.'),
  hostile: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe(
      'It leaks reports, retaliates, or ignores the worst of them: it gets counts, and nothing else.',
    ),
  singleUser: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('It has one user: a notice to it would go to the reported person.'),
  groups: z
    .array(
      z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected a name of lower-case letters, digits and -'),
    )
    .max(32, 'expected at most 32 groups')
    .default([])
    .describe('Groups that policies may name.'),
  suites: suitesSchema.optional().describe('Instead of `defaultSuites`, for this provider.'),
})

const peersListener = z.strictObject({
  host: hostField.default('0.0.0.0').describe('Address to bind.'),
  port: portField.default(8_443).describe('Port to bind.'),
  certificate: fileField.describe(
    'PEM file of our certificate, chain included; `provider` must be one of its dNSName SANs.',
  ),
  key: fileField.describe('PEM file of its private key; readable by our user only.'),
  ca: fileField.describe(
    'PEM file of the authorities that other providers’ certificates come from.',
  ),
})

const internalListener = z
  .strictObject({
    host: hostField.optional().describe('Address to bind; 127.0.0.1 unless `socket` is given.'),
    port: portField.optional().describe('Port to bind; 8480 unless `socket` is given.'),
    socket: fileField.optional().describe('Unix socket instead of host and port.'),
  })
  .refine(
    ({ host, port, socket }) => socket === undefined || (host === undefined && port === undefined),
    'expected either `socket` or `host` and `port`',
  )

const adminListener = z.strictObject({
  host: hostField.default('127.0.0.1').describe('Address to bind; keep it on loopback.'),
  port: portField.default(8_481).describe('Port of /metrics, /healthz and /readyz.'),
  socket: fileField
    .optional()
    .describe('Control socket of the CLI, mode 0600; `control.sock` in the data directory.'),
})

const tokensListener = z.strictObject({
  host: hostField.default('127.0.0.1').describe('Address to bind.'),
  port: portField.default(8_483).describe('Port to bind.'),
  forwardedFor: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe(
      'Whether the front end adds the address of the client to `X-Forwarded-For`; else limits per address are about the front end.',
    ),
})

const dsSchema = z.strictObject({
  host: hostField.default('127.0.0.1').describe('Address to bind; keep it on loopback.'),
  port: portField.default(8_482).describe('Port of the upstream and the local client API.'),
})

/** postern.yaml as it is written. `docs/configuration.md` is made from these descriptions. */
export const configurationSchema = z.strictObject({
  provider: domainField.describe('Our provider domain.'),
  dataDirectory: fileField
    .default('./data')
    .describe('Where the stores live. `POSTERN_DATA` overrides it.'),
  keysDirectory: fileField
    .optional()
    .describe('Where keys live, files of mode 0600; `keys` in the data directory.'),
  listeners: z
    .strictObject({
      peers: peersListener.describe('For other providers: TLS 1.3 with client certificates.'),
      internal: internalListener.prefault({}).describe('For our own delivery service.'),
      admin: adminListener.prefault({}).describe('For the operator.'),
      tokens: tokensListener
        .optional()
        .describe(
          'For clients that ask for tokens or present them: plain HTTP, behind the TLS front end of the provider. Without it there is none.',
        ),
    })
    .describe('Where we listen.'),
  upstream: z
    .strictObject({
      url: z
        .string(expectedUrl)
        .regex(/^(https?:\/\/[^\s/]+(\/\S*)?|unix:\/\S+)$/, expectedUrl)
        .describe('Base URL, http or https, or `unix:/path/of.sock`.'),
    })
    .optional()
    .describe('The delivery service. Without it the embedded reference delivery service runs.'),
  ds: dsSchema.prefault({}).describe('The embedded reference delivery service.'),
  issuer: issuerSchema
    .prefault({})
    .describe('The embedded issuer of Privacy Pass tokens: docs/issuer.md.'),
  peers: z
    .record(domainKey, peerSchema)
    .default({})
    .describe('The providers that we know, by domain.'),
  assetDomains: assetDomainsField.describe(
    'Hosts that keep our own assets; we fetch from them for other providers.',
  ),
  assetAddress: addressField
    .optional()
    .describe('Where these hosts listen, `host:port`. Without it: port 443 of the host.'),
  assetAuthorities: fileField
    .optional()
    .describe(
      'PEM file of the authorities that certificates of asset hosts come from. Without it: those that come with Node.',
    ),
  defaultSuites: suitesSchema
    .prefault({})
    .describe('Metadata suites for providers without their own list.'),
  privateSuites: privateSuitesSchema,
  requirements: requirementsSchema
    .prefault({})
    .describe('What we publish of our metadata requirements, and ask of others.'),
  attested: attestedSchema
    .prefault({})
    .describe(
      'What we attest of our users to the hub of a room whose suite asks for it, unless the delivery service says it of a user.',
    ),
  rooms: z
    .strictObject({
      profile: oneOf(roomProfiles).default('consumer').describe('What kind of rooms these are.'),
      region: oneOf(regions).default('OTHER').describe('Where they are.'),
      membershipProof: oneOf(membershipProofRules)
        .default('where-possible')
        .describe(
          'Whether senders that nobody names prove that they are members: where the last committer gave a key for it, or `always`, so that without one they are refused.',
        ),
    })
    .prefault({})
    .describe('What policies know of our own rooms, and whom these let write.'),
  policies: z
    .union([z.enum(profiles), fileField], { error: 'expected the name of a profile or a path' })
    .default('consumer')
    .describe(`A profile (${profiles.join(', ')}), or the path of a directory of Cedar policies.`),
  policyKeys: z
    .array(
      z
        .string({ error: 'expected a public key' })
        .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, 'expected 32 octets in base64url'),
    )
    .max(16, 'expected at most 16 keys')
    .default([])
    .describe(
      'Ed25519 keys of `postern policy keygen`: with any, only policies that one of them signed, with a revision that rises, take effect.',
    ),
  shadowPolicies: z
    .union([z.enum(profiles), fileField], { error: 'expected the name of a profile or a path' })
    .optional()
    .describe(
      'The same, for policies whose decisions count for nothing: `postern policy shadow` compares.',
    ),
  routingPolicies: fileField
    .optional()
    .describe(
      'Directory of Cedar policies about where reports go, instead of those that come with it.',
    ),
  moderation: moderationSchema
    .prefault({})
    .describe('Who decides on reports, and how: see `postern cases`.'),
  decisionLog: z
    .strictObject({
      file: fileField
        .optional()
        .describe('JSON lines, appended with mode 0600. To rotate the file move it away.'),
      otlpEndpoint: z
        .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
        .optional()
        .describe('Where they go as OTLP logs over HTTP in JSON.'),
      sampleAllows: integer({ min: 0, max: 1_000_000, what: 'a count' })
        .default(100)
        .describe('One in how many allows is logged; 0 for none. Refusals all are.'),
    })
    .prefault({})
    .describe(
      'What policies decide, in the field names of OPA’s decision log. Without a file and an endpoint nothing is logged.',
    ),
  limits: limitsSchema.prefault({}).describe('Bounds, each with a default.'),
  rates: ratesSchema.prefault({}).describe('Rate limits; the tightest one that applies decides.'),
  spentTokens: spentTokensSchema
    .prefault({})
    .describe('Which anonymous tokens were spent: none of them is taken twice.'),
  experimental: z
    .strictObject({
      arc: z
        .boolean({ error: 'expected true or false' })
        .default(false)
        .describe(
          'Anonymous rate-limited credentials, token type 0xE5AC: not stable on the wire, see [arc](arc.md).',
        ),
      arcPresentations: integer({ min: 2, max: 1_024, what: 'a count' })
        .default(2)
        .describe('Pseudonyms that one such credential gives in each room and day.'),
      batchedTokens: z
        .boolean({ error: 'expected true or false' })
        .default(false)
        .describe(
          'Tokens of type 0x0005, many under one proof, for our own users at our own hub: see [issuer](issuer.md).',
        ),
    })
    .prefault({})
    .describe('What follows drafts that still change. Each one is said in the log at the start.'),
  limiterStore: limiterStoreSchema
    .prefault({})
    .describe('Where the budgets of the rate limits are.'),
  costs: costsSchema
    .prefault({})
    .describe(
      'What an exchange takes from the limits `peer`, `peerRoom`, `roomSender`, `epochSender`.',
    ),
  log: z
    .strictObject({
      level: oneOf(logLevels)
        .default('info')
        .describe('Least severe line that is written. `POSTERN_LOG_LEVEL` overrides it.'),
    })
    .prefault({})
    .describe('Structured logs on standard error; codes and counts only.'),
  telemetry: z
    .strictObject({
      otlpEndpoint: z
        .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
        .optional()
        .describe(
          'Where traces go, OTLP over HTTP. `OTEL_EXPORTER_OTLP_ENDPOINT` overrides it. Without it none are made.',
        ),
      sampleRatio: z
        .number({ error: 'expected a number from 0 to 1' })
        .min(0, 'expected a number from 0 to 1')
        .max(1, 'expected a number from 0 to 1')
        .default(0.01)
        .describe('Share of requests that are traced.'),
    })
    .prefault({})
    .describe('OpenTelemetry.'),
})
export type Configuration = z.infer<typeof configurationSchema>
export type PolicyProfile = (typeof profiles)[number]
export { profiles as policyProfiles }
