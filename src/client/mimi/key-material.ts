import { encode } from '../../wire/codec.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialRequestTBSCodec,
} from '../../wire/mimi/key-material.ts'
import type { RequiredCapabilities } from '../../wire/mls/capabilities.ts'
import type { KeyPackage } from '../../wire/mls/key-package.ts'
import { signLabelled } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { demand, isRefusal } from '../errors.ts'
import { demandUsable, validateKeyPackage, type LeafIdentity } from '../mls/key-package.ts'
import { userOf } from '../mls/user-of.ts'

export interface KeyMaterialQuestion {
  readonly requestingUser: string
  readonly targetUser: string
  /** Empty outside an add. */
  readonly room: string
  readonly required: RequiredCapabilities
}

/** A signed KeyMaterialRequest. draft-ietf-mimi-protocol-06 §5.2 */
export function keyMaterialRequest(
  suite: MlsSuite,
  { signer, credential }: LeafIdentity,
  { requestingUser, targetUser, room, required }: KeyMaterialQuestion,
): Buffer {
  const tbs = {
    protocol: 'mls10',
    requestingUser,
    targetUser,
    roomId: room,
    acceptableCiphersuites: [suite.code],
    requiredCapabilities: required,
    requesterSignatureKey: signer.publicKey,
    requesterCredential: credential,
  } as const
  const content = encode(keyMaterialRequestTBSCodec, tbs)
  const label = 'KeyMaterialRequestTBS'
  const keyMaterialRequestSignature = signLabelled(suite, signer, { label, content })
  return encode(keyMaterialRequestCodec, { ...tbs, keyMaterialRequestSignature })
}

/** What a provider handed out for one user, checked. */
export interface UsableKeyMaterial {
  /** All of one participant. */
  readonly keyPackages: readonly KeyPackage[]
  /** The participant that they belong to: the user, or its pseudonym. */
  readonly participant: string
}

/**
 * Drops KeyPackages with a wrong signature, lifetime, suite, key or capability, and refuses a set that
 * mixes participants. Undefined where nothing is left. Throws `invalid-answer`.
 */
export function usableKeyMaterial(
  suite: MlsSuite,
  handedOut: readonly KeyPackage[],
  {
    nowMs,
    required,
    expectedUser,
  }: {
    nowMs: number
    required: RequiredCapabilities
    /** Undefined where the KeyPackages are of pseudonyms: their links show whose they are. */
    expectedUser: string | undefined
  },
): UsableKeyMaterial | undefined {
  const keyPackages = handedOut.filter((keyPackage) =>
    isUsable(suite, keyPackage, { nowMs, required }),
  )
  const participants = new Set(keyPackages.map(({ leafNode }) => userOf(leafNode.credential)))
  const [participant] = participants
  if (participant === undefined) return undefined
  demand(participants.size === 1, 'invalid-answer')
  demand(expectedUser === undefined || participant === expectedUser, 'invalid-answer')
  return { keyPackages, participant }
}

function isUsable(
  suite: MlsSuite,
  keyPackage: KeyPackage,
  options: { nowMs: number; required: RequiredCapabilities },
): boolean {
  try {
    validateKeyPackage(suite, keyPackage)
    demandUsable(suite, keyPackage, options)
    return true
  } catch (error) {
    if (isRefusal(error)) return false
    throw error
  }
}
