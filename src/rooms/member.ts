import { credentialType } from '../wire/mls/credential.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import { leafIdentity } from './leaf-identity.ts'

/** One client in the group. */
export interface Member {
  readonly leafIndex: number
  /** The participant whose client it is; undefined where its credential names no user. */
  readonly user: string | undefined
  readonly client: string | undefined
  readonly pseudonymous: boolean
  readonly credentialType: number
}

/** Leaves that stay in the tree are the same objects from epoch to epoch. */
export function memberOf(leafIndex: number, leaf: LeafNode): Member {
  const known = members.get(leaf)
  if (known?.leafIndex === leafIndex) return known
  const { credential } = leaf
  const identity = leafIdentity(credential)
  const member = {
    leafIndex,
    user: identity?.user,
    client: identity?.client,
    pseudonymous: credential.kind === 'pseudonymous',
    credentialType: credentialType(credential),
  }
  members.set(leaf, member)
  return member
}

const members = new WeakMap<LeafNode, Member>()
