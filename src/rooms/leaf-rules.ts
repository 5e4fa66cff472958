import { decodeOr, refusal } from './refusal.ts'
import { leavesOf, type PublicTree } from './tree.ts'
import type { ErrorCode } from '../model/errors.ts'
import { requiredCapabilitiesCodec } from '../wire/mls/capabilities.ts'
import { credentialType } from '../wire/mls/credential.ts'
import { extensionData, extensionTypes } from '../wire/mls/extension.ts'
import type { GroupContext } from '../wire/mls/group-info.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'

/** What each leaf must support. */
interface Requirements {
  readonly extensions: readonly number[]
  readonly proposals: readonly number[]
  readonly credentials: readonly number[]
}

/**
 * Each leaf supports what the group uses and requires, what its own extensions are, and the
 * credential types of all others. Throws `code`. RFC 9420 §7.2, §7.3, §11.1
 */
export function checkCapabilities(tree: PublicTree, context: GroupContext, code: ErrorCode): void {
  const requirements = requirementsOf(tree, context, code)
  for (const [, leaf] of leavesOf(tree)) {
    const reason = missing(leaf, requirements)
    if (reason !== undefined) throw refusal(code, reason)
  }
}

/** Whether all members support a proposal type; those of RFC 9420 need not be listed. */
export function allSupportProposal(tree: PublicTree, type: number): boolean {
  if (type <= DEFAULT_PROPOSAL_MAX) return true
  for (const [, leaf] of leavesOf(tree))
    if (!leaf.capabilities.proposals.includes(type)) return false
  return true
}

function requirementsOf(tree: PublicTree, context: GroupContext, code: ErrorCode): Requirements {
  const bytes = extensionData(context.extensions, extensionTypes.requiredCapabilities)
  const required =
    bytes === undefined ? undefined : decodeOr(code, requiredCapabilitiesCodec, bytes)
  const used = new Set(required?.credentialTypes)
  for (const [, leaf] of leavesOf(tree)) used.add(credentialType(leaf.credential))
  return {
    extensions: [
      ...context.extensions.map(({ type }) => type),
      ...(required?.extensionTypes ?? []),
    ],
    proposals: required?.proposalTypes ?? [],
    credentials: [...used],
  }
}

function missing(leaf: LeafNode, requirements: Requirements): string | undefined {
  const { extensions, proposals, credentials } = leaf.capabilities
  const hasExtension = (type: number) => type <= DEFAULT_EXTENSION_MAX || extensions.includes(type)
  if (!requirements.extensions.every(hasExtension)) return 'extension-unsupported'
  if (!leaf.extensions.every(({ type }) => hasExtension(type))) return 'extension-unlisted'
  if (
    !requirements.proposals.every(
      (type) => type <= DEFAULT_PROPOSAL_MAX || proposals.includes(type),
    )
  )
    return 'proposal-unsupported'
  if (!requirements.credentials.every((type) => credentials.includes(type)))
    return 'credential-unsupported'
  const { credential, signatureKey } = leaf
  if (credential.kind === 'pseudonymous' && !credential.signaturePublicKey.equals(signatureKey))
    return 'pseudonym-key'
  return undefined
}

/** Extension and proposal types that every client supports without saying so. RFC 9420 §7.2 */
const DEFAULT_EXTENSION_MAX = 5
const DEFAULT_PROPOSAL_MAX = 7
