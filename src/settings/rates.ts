import { z } from 'zod'
import type { Operation } from '../model/exchange.ts'
import { costDefaults } from '../ratelimit/costs.ts'
import { limitDefaults, limitModes, type LimitName } from '../ratelimit/limits.ts'
import { integer, oneOf } from './fields.ts'

function budget(name: LimitName, description: string) {
  const { perSecond, burst, cost, counts, mode, per } = limitDefaults[name]
  const unit = counts === 'units' ? 'Units' : 'Requests'
  return z
    .strictObject({
      perSecond: z
        .number({ error: RATE })
        .min(1e-6, RATE)
        .max(1e6, RATE)
        .default(perSecond)
        .describe(`${unit} per second in the long run.`),
      burst: integer({ min: 1, max: BURST_MAX, what: 'a burst' })
        .default(burst)
        .describe(`${unit} at once.`),
      cost: integer({ min: 1, max: BURST_MAX, what: 'a cost' })
        .default(cost)
        .describe(counts === 'units' ? 'What a unit takes.' : 'What a request takes.'),
      mode: oneOf(limitModes)
        .default(mode)
        .describe('`shadow`: decided and counted, and refuses nobody.'),
    })
    .refine((set) => set.burst < 1 || set.cost <= set.burst, {
      path: ['cost'],
      error: 'expected a cost of at most `burst`',
    })
    .prefault({})
    .describe(`${description}, per ${per}.`)
}

const RATE = 'expected a rate, a number from 0.000001 to 1000000'
const BURST_MAX = 10_000_000

/** The budgets of `ratelimit/limits.ts`; what is allowed is the least that any of them leaves. */
export const ratesSchema = z.strictObject({
  peer: budget('peer', 'Everything that a provider sends'),
  peerRoom: budget('peerRoom', 'Everything that a provider sends in a room'),
  roomSender: budget('roomSender', 'Application messages'),
  epochSender: budget('epochSender', 'Application messages under a certificate'),
  admissionPeer: budget('admissionPeer', 'Certificates that a provider vouches for'),
  admissionRoom: budget('admissionRoom', 'Certificates that are admitted'),
  tokenVerify: budget('tokenVerify', 'Tokens and proofs that are verified, good or bad'),
  keyMaterial: budget('keyMaterial', 'Requests for KeyPackages'),
  keyMaterialTarget: budget('keyMaterialTarget', 'Requests for KeyPackages of one user'),
  groupInfo: budget('groupInfo', 'Requests for GroupInfo'),
  identifierQuery: budget('identifierQuery', 'Searches for one value'),
  identifierQueryPeer: budget('identifierQueryPeer', 'Searches'),
  consent: budget('consent', 'Consent requests and updates'),
  reportAbuse: budget('reportAbuse', 'Abuse reports'),
  proxyDownload: budget('proxyDownload', 'Assets that a provider has us fetch'),
  attempts: budget('attempts', 'What was refused: the price of trying'),
} satisfies Record<LimitName, unknown>)
export type Rates = z.infer<typeof ratesSchema>

function operationCost(operation: Operation) {
  return integer({ min: 1, max: 10_000, what: 'a cost' })
    .default(costDefaults.operations[operation])
    .describe(`Units of one ${operation}.`)
}

const expectedUrl = 'expected a redis or rediss URL'

/** Where the budgets are held. */
export const limiterStoreSchema = z
  .strictObject({
    kind: oneOf(['memory', 'redis'])
      .default('memory')
      .describe('`memory`: each process has its own. `redis`: all nodes share them.'),
    url: z
      .string(expectedUrl)
      .regex(/^rediss?:\/\/\S+$/, expectedUrl)
      .optional()
      .describe('Of one Redis or Valkey server, `redis:` or `rediss:`. For `redis` only.'),
    deadlineMs: integer({ min: 1, max: 10_000, what: 'milliseconds' })
      .default(20)
      .describe('For an answer; after that this process decides by itself.'),
  })
  .refine(({ kind, url }) => (kind === 'redis') === (url !== undefined), {
    path: ['url'],
    error: 'expected a URL with `kind: redis`, and none without',
  })

/** What an exchange takes from the budgets that count units. */
export const costsSchema = z.strictObject({
  operations: z
    .strictObject({
      keyMaterial: operationCost('keyMaterial'),
      update: operationCost('update'),
      submitMessage: operationCost('submitMessage'),
      notify: operationCost('notify'),
      groupInfo: operationCost('groupInfo'),
      requestConsent: operationCost('requestConsent'),
      updateConsent: operationCost('updateConsent'),
      identifierQuery: operationCost('identifierQuery'),
      reportAbuse: operationCost('reportAbuse'),
      proxyDownload: operationCost('proxyDownload'),
    } satisfies Record<Operation, unknown>)
    .prefault({})
    .describe('What an operation takes, whatever its size.'),
  octetsPerUnit: integer({ min: 1_024, max: 1_073_741_824, what: 'octets' })
    .default(costDefaults.octetsPerUnit)
    .describe('A body takes one unit more for each so many octets.'),
})
