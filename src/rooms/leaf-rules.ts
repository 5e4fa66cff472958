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
  checkLeaves(tree, { requirements: requirementsOf(tree, context, code), code })
}

/**
 * The same for the epoch after one in which all leaves met its requirements: where nothing more is
 * required than there, only the leaves that are new have to be looked at. Throws `code`.
 */
export function checkNextCapabilities(
  before: Pick<Epoch, 'tree' | 'context'>,
  after: Epoch,
  code: ErrorCode,
): void {
  const then = requirementsOf(before.tree, before.context, code)
  const now = requirementsOf(after.tree, after.context, code)
  const known = adds(then, now) ? undefined : before.tree
  checkLeaves(after.tree, { requirements: now, code, known })
}

interface Epoch {
  readonly tree: PublicTree
  readonly context: GroupContext
}

interface LeafCheck {
  readonly requirements: Requirements
  readonly code: ErrorCode
  /** Leaves that stand in this tree too are taken as read. */
  readonly known?: PublicTree | undefined
}

function checkLeaves(tree: PublicTree, { requirements, code, known }: LeafCheck): void {
  for (let at = 0; at < tree.nodes.length; at += 2) {
    const node = tree.nodes[at]
    if (node?.kind !== 'leaf' || node === known?.nodes[at]) continue
    const reason = missing(node.leaf, requirements)
    if (reason !== undefined) throw refusal(code, reason)
  }
}

function adds(before: Requirements, after: Requirements): boolean {
  return (
    isMore(before.extensions, after.extensions) ||
    isMore(before.proposals, after.proposals) ||
    isMore(before.credentials, after.credentials)
  )
}

function isMore(then: readonly number[], now: readonly number[]): boolean {
  return now.some((type) => !then.includes(type))
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
