import { z } from 'zod'

// What goes over the control socket about keys. No secret does, and no public half.

const keyViewSchema = z.strictObject({
  purpose: z.string(),
  id: z.string(),
  state: z.enum(['pending', 'active', 'expired']),
  activeFromMs: z.number(),
  expiresAtMs: z.number().optional(),
})

export const keyListSchema = z.strictObject({ keys: z.array(keyViewSchema) })
export type KeyList = z.infer<typeof keyListSchema>

export const keyRotationSchema = z.strictObject({
  keys: z.array(keyViewSchema),
  /** Whether a new key is used only after a restart. */
  restart: z.boolean(),
})
export type KeyRotation = z.infer<typeof keyRotationSchema>

/**
 * What an operator may rotate; `token-issuer` stands for the keys of all classes of tokens. The key
 * `hub-signing` is not among them: rooms name it, and only a commit in each could replace it there.
 */
export const rotatablePurposes = [
  'token-issuer',
  'issuer-accounts',
  'arc-issuer',
  'requirements-signing',
  'franking-master',
  'report-sealing',
  'report-handles',
  'limiter',
  'pseudonyms',
] as const
export type RotatablePurpose = (typeof rotatablePurposes)[number]

export interface Rotation {
  readonly purpose: RotatablePurpose
  /** Only for `token-issuer`: every key ends at once, and so do the tokens that were had under it. */
  readonly now: boolean
}

/** What the gateway lets its operator ask and do about keys. */
export interface KeyHandlers {
  readonly list: () => KeyList
  /** Throws `not-found` where there is no issuer, `malformed-request` for `now` where it means nothing. */
  readonly rotate: (rotation: Rotation) => Promise<KeyRotation>
}

/** Paths of the control socket. */
export const keyPaths = {
  list: '/control/v1/keys',
  rotate: '/control/v1/keys/rotate',
} as const
