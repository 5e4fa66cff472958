import type { OperationalParameters } from '../wire/mimi/operational-policy.ts'
import { credentialType } from '../wire/mls/credential.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import { proposalTypes } from '../wire/mls/proposal.ts'
import { readLeafDictionary } from './leaf-dictionary.ts'
import type { ListedProposal } from './proposal-rules.ts'
import { refusal } from './refusal.ts'

/**
 * What the room demands of a client that enters or changes, as far as its leaf says it.
 * Throws `not-permitted`. draft-ietf-mimi-room-policy-03 §7
 */
export function checkLeafOperations(
  { mandatoryCapabilities: must, forbiddenCapabilities: never }: OperationalParameters,
  leaf: LeafNode,
): void {
  const { capabilities, credential, extensions } = leaf
  const { components, safeAad } = readLeafDictionary(leaf, 'not-permitted')
  const meets =
    has(must.versions, capabilities.versions) &&
    has(must.cipherSuites, capabilities.cipherSuites) &&
    has(must.extensions, capabilities.extensions, DEFAULT_EXTENSION_MAX) &&
    has(must.proposals, capabilities.proposals, DEFAULT_PROPOSAL_MAX) &&
    has(must.credentials, capabilities.credentials) &&
    has(must.componentIds, components) &&
    has(must.safeAadTypes, safeAad)
  if (!meets) throw refusal('not-permitted', 'capability-missing')
  const uses =
    never.credentials.includes(credentialType(credential)) ||
    extensions.some(({ type }) => never.extensions.includes(type))
  if (uses) throw refusal('not-permitted', 'capability-forbidden')
}

/** Proposals that the room forbids, and KeyPackages that live too long. Throws `not-permitted`. */
export function checkProposalOperations(
  { forbiddenCapabilities, maxKpLifetime }: OperationalParameters,
  list: readonly Pick<ListedProposal, 'proposal'>[],
): void {
  for (const { proposal } of list) {
    if (forbiddenCapabilities.proposals.includes(proposalTypes[proposal.kind]))
      throw refusal('not-permitted', 'proposal-forbidden')
    if (proposal.kind !== 'add' || maxKpLifetime === 0n) continue
    const { source } = proposal.keyPackage.leafNode
    if (source.kind === 'key-package' && source.notAfter - source.notBefore > maxKpLifetime)
      throw refusal('not-permitted', 'key-package-lifetime')
  }
}

/** Types up to `defaultMax` need no mention. */
function has(needed: readonly number[], listed: readonly number[], defaultMax = 0): boolean {
  return needed.every((type) => type <= defaultMax || listed.includes(type))
}

/** Types that every client supports without saying so. RFC 9420 §7.2 */
const DEFAULT_EXTENSION_MAX = 5
const DEFAULT_PROPOSAL_MAX = 7
