import { z } from 'zod'

// What goes over the control socket about requirements, peers and agreements.

/** A signed document; whoever gets it reads it with `openDocument`. */
const jws = z.string()

export const ownRequirementsSchema = z.strictObject({ jws })
export type OwnRequirementsView = z.infer<typeof ownRequirementsSchema>

export const publishedSchema = z.strictObject({
  /** False where nothing had changed and nothing was about to expire. */
  published: z.boolean(),
  jws,
})
export type Published = z.infer<typeof publishedSchema>

/** The newest last. */
export const historySchema = z.strictObject({ documents: z.array(jws) })
export type History = z.infer<typeof historySchema>

/** What a provider publishes now, judged against what we hold of it; nothing is kept. */
export const checkSchema = z.strictObject({
  /** `accepted`, `unchanged`, or the reason of the refusal. */
  verdict: z.string(),
  /** The document in force as far as we know, or undefined where we have none. */
  jws: jws.optional(),
})
export type Check = z.infer<typeof checkSchema>

export const agreementSchema = z.strictObject({
  id: z.string(),
  peer: z.string(),
  /** What we are in the rooms that it is for. */
  role: z.enum(['hub', 'follower']),
  state: z.enum(['live', 'pending', 'rejected']),
  /** In exposure, compared with the one before: first, same, lower, higher, incomparable. */
  change: z.string(),
  /** Names, or codes of suites that we do not know. */
  suites: z.array(z.string()),
  madeAtMs: z.number(),
  expiresAtMs: z.number(),
})
export type AgreementView = z.infer<typeof agreementSchema>

export const agreementListSchema = z.strictObject({ agreements: z.array(agreementSchema) })
export type AgreementList = z.infer<typeof agreementListSchema>

export const peerListSchema = z.strictObject({
  peers: z.array(
    z.strictObject({
      domain: z.string(),
      allowed: z.boolean(),
      /** What we hold of its chain. */
      document: z
        .strictObject({ seq: z.number(), digest: z.string(), expiresAtMs: z.number() })
        .optional(),
      /** Documents that contradict its chain: proof of an equivocation. */
      evidence: z.number(),
      checkedAtMs: z.number().optional(),
      outcome: z.string().optional(),
      reason: z.string().optional(),
      agreements: z.array(agreementSchema),
      /** As what we have no suite in common. */
      apartAs: z.array(z.enum(['hub', 'follower'])),
    }),
  ),
})
export type PeerList = z.infer<typeof peerListSchema>

/** What the operator may ask and do about requirements. Throw `GatewayError`. */
export interface RequirementsHandlers {
  readonly own: () => OwnRequirementsView
  readonly publish: (options: { readonly renew: boolean }) => Promise<Published>
  readonly history: () => History
  readonly check: (provider: string) => Promise<Check>
  readonly listPeers: () => PeerList
  /** The same after each peer that is served was asked again. */
  readonly refreshPeers: () => Promise<PeerList>
  /** Trusts the next document of a peer as its first. */
  readonly forgetPeer: (domain: string) => Promise<PeerList>
  readonly listAgreements: () => AgreementList
  readonly approve: (id: string) => Promise<AgreementView>
  readonly reject: (id: string) => Promise<AgreementView>
}

/** Paths of the control socket. */
export const requirementsPaths = {
  own: '/control/v1/requirements',
  publish: '/control/v1/requirements/publish',
  history: '/control/v1/requirements/history',
  check: '/control/v1/requirements/check',
  peers: '/control/v1/peers',
  refresh: '/control/v1/peers/refresh',
  forget: '/control/v1/peers/:domain/forget',
  agreements: '/control/v1/agreements',
  approve: '/control/v1/agreements/:id/approve',
  reject: '/control/v1/agreements/:id/reject',
} as const
