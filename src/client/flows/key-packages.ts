import { basicIdentity } from '../identity/account.ts'
import { createUserPseudonym, pseudonymousIdentity } from '../identity/pseudonym.ts'
import { createKeyPackage, type LeafIdentity, type OwnKeyPackage } from '../mls/key-package.ts'
import type { ClientState } from './client-state.ts'

export interface KeyPackageOrder {
  /** KeyPackages for identified rooms. */
  readonly basic?: number
  /** KeyPackages for pseudonymous rooms: one for each new pseudonym. */
  readonly pseudonymous?: number
  /** Pseudonyms that other clients of this user have begun sets for: one KeyPackage for each. */
  readonly userPseudonyms?: readonly string[]
}

/**
 * Makes KeyPackages and gives them to our provider. Returns the user pseudonyms in use, for the user's
 * other clients: a pseudonym's set is whole when every client has a KeyPackage in it.
 */
export async function publishKeyPackages(
  state: ClientState,
  { basic = 0, pseudonymous = 0, userPseudonyms = [] }: KeyPackageOrder,
): Promise<readonly string[]> {
  const { account, randomness } = state
  const fresh = Array.from({ length: pseudonymous }, () => createUserPseudonym(account, randomness))
  const pseudonyms = [...userPseudonyms, ...fresh]
  const identities = [
    ...Array.from({ length: basic }, () => basicIdentity(account)),
    ...pseudonyms.map((pseudonym) => pseudonymousIdentity(account, pseudonym, randomness)),
  ]
  await state.provider.uploadKeyPackages(
    identities.map((identity) => newKeyPackage(state, identity)),
  )
  return pseudonyms
}

/** Makes a KeyPackage and keeps its private keys until a Welcome uses it. */
export function newKeyPackage(state: ClientState, identity: LeafIdentity): OwnKeyPackage {
  const { suite, clock, randomness, leafExtensions } = state
  const own = createKeyPackage(suite, identity, { nowMs: clock(), randomness, leafExtensions })
  state.keyPackages.set(own.reference.toString('hex'), own)
  return own
}
