import { z } from 'zod'
import { limitDefaults, type LimitName } from '../ratelimit/limits.ts'
import { integer } from './fields.ts'

function budget(name: LimitName, description: string) {
  const { perSecond, burst, per } = limitDefaults[name]
  return z
    .strictObject({
      perSecond: z
        .number({ error: RATE })
        .min(1e-6, RATE)
        .max(1e6, RATE)
        .default(perSecond)
        .describe('Requests per second in the long run.'),
      burst: integer({ min: 1, max: 10_000_000, what: 'a burst' })
        .default(burst)
        .describe('Requests at once.'),
    })
    .prefault({})
    .describe(`${description}, per ${per}.`)
}

const RATE = 'expected a rate, a number from 0.000001 to 1000000'

/** The budgets of `ratelimit/limits.ts`; what is allowed is the least that any of them leaves. */
export const ratesSchema = z.strictObject({
  peer: budget('peer', 'Everything that a provider sends'),
  peerRoom: budget('peerRoom', 'Everything that a provider sends in a room'),
  roomSender: budget('roomSender', 'Application messages'),
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
