import { uriDomain } from '../model/ids.ts'
import { credentialType, type Credential } from '../wire/mls/credential.ts'
import type { Sender } from '../wire/mls/framing.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import type { PreAuthRoleEntry } from '../wire/mimi/room-policy.ts'
import { externalSenders, type Group } from './group.ts'
import { leafIdentity, userUri } from './leaf-identity.ts'
import type { Participant } from './participants.ts'
import { noRole, type RoleRules, type RoomPolicy } from './room-policy.ts'
import { leafAt } from './tree.ts'

/** Who makes a commit or a proposal, and as what. */
export interface Actor {
  readonly kind: Sender['kind']
  /** Undefined for external senders and for credentials that name nobody. */
  readonly user: string | undefined
  /** In the participant list of the epoch; 0 for who is not in it. */
  readonly roleIndex: number
  /** What it may do; undefined: nothing. An external sender has the role that it is preauthorized for. */
  readonly role: RoleRules | undefined
  /** The first role that its credential is preauthorized for. */
  readonly preauthorized: RoleRules | undefined
}

/** A room as its rules look at it before a handshake. */
export interface Standing {
  readonly group: Group
  readonly policy: RoomPolicy
  readonly participants: readonly Participant[]
  /** Role index by participant. */
  readonly roles: ReadonlyMap<string, number>
}

/** `joiner`: the leaf that an external commit brings. */
export function actorOf(
  { group, policy, roles }: Standing,
  { sender, proposal, joiner }: { sender: Sender; proposal?: Proposal; joiner?: LeafNode },
): Actor {
  const credential = credentialOf(group, { sender, proposal, joiner })
  const preauthorized = credential && preauthorizedRole(policy, credential)
  if (sender.kind === 'external')
    return {
      kind: 'external',
      user: undefined,
      roleIndex: noRole,
      role: preauthorized,
      preauthorized,
    }
  const user = credential && leafIdentity(credential)?.user
  const roleIndex = (user === undefined ? undefined : roles.get(user)) ?? noRole
  return { kind: sender.kind, user, roleIndex, role: policy.roles?.get(roleIndex), preauthorized }
}

function credentialOf(
  group: Group,
  {
    sender,
    proposal,
    joiner,
  }: { sender: Sender; proposal: Proposal | undefined; joiner: LeafNode | undefined },
): Credential | undefined {
  switch (sender.kind) {
    case 'member':
      return leafAt(group.tree, sender.leafIndex)?.credential
    case 'external':
      return externalSenders(group)[sender.senderIndex]?.credential
    case 'new-member-proposal':
      return proposal?.kind === 'add' ? proposal.keyPackage.leafNode.credential : undefined
    case 'new-member-commit':
      return joiner?.credential
  }
}

/**
 * The role of the first entry all of whose claims the credential has. As the room defines it now:
 * what the entry repeats of the role does not count. draft-ietf-mimi-room-policy-03 §4
 */
function preauthorizedRole(
  { preauthorized, roles }: RoomPolicy,
  credential: Credential,
): RoleRules | undefined {
  const entry = preauthorized.find(({ claimset }) => matches(claimset, credential))
  return entry && roles?.get(entry.targetRole.roleIndex)
}

function matches(claimset: PreAuthRoleEntry['claimset'], credential: Credential): boolean {
  const type = credentialType(credential)
  return claimset.every(({ claimId, claimValue }) => {
    const value = claimOf(credential, claimId.id.toString('utf8'))
    return claimId.credentialType === type && value?.equals(claimValue) === true
  })
}

/** The draft names claims of certificates and tokens only; these are those of other credentials. */
function claimOf(credential: Credential, id: string): Buffer | undefined {
  const identity = identityOf(credential)
  if (identity === undefined) return undefined
  switch (id) {
    case 'identity':
      return identity
    case 'domain': {
      const user = userUri(identity.toString('utf8'))
      return user === undefined ? undefined : Buffer.from(uriDomain(user))
    }
    default:
      return undefined
  }
}

function identityOf(credential: Credential): Buffer | undefined {
  switch (credential.kind) {
    case 'basic':
      return credential.identity
    case 'pseudonymous':
      return credential.userPseudonym
    case 'x509':
    case 'other':
      return undefined
  }
}
