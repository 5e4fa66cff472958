import type { Capabilities, RequiredCapabilities } from '../../wire/mls/capabilities.ts'
import { requiredCapabilitiesCodec } from '../../wire/mls/capabilities.ts'
import { decode } from '../../wire/codec.ts'
import { credentialType } from '../../wire/mls/credential.ts'
import { extensionData, extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import { leafNodeTbs, type LeafNode, type UnsignedLeafNode } from '../../wire/mls/leaf-node.ts'
import { signLabelled, verifyLabelled, type SignatureKeyPair } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { demand } from '../errors.ts'

/** Where a leaf stands; of no effect for leaves of KeyPackages. */
export interface LeafPosition {
  readonly groupId: Buffer
  readonly leafIndex: number
}

/** `RFC 9420 §7.2` */
export function signLeaf(
  suite: MlsSuite,
  signer: SignatureKeyPair,
  { unsigned, position }: { unsigned: UnsignedLeafNode; position: LeafPosition },
): LeafNode {
  const content = leafNodeTbs(unsigned, position)
  return { ...unsigned, signature: signLabelled(suite, signer, { label: LABEL, content }) }
}

/**
 * What makes a leaf valid in itself: signature, source, and that it supports what it uses.
 * Throws `invalid-leaf`. `RFC 9420 §7.3`
 */
export function validateLeaf(
  suite: MlsSuite,
  leaf: LeafNode,
  { source, position }: { source?: LeafNode['source']['kind']; position: LeafPosition },
): void {
  demand(source === undefined || leaf.source.kind === source, 'invalid-leaf')
  const { signatureKey, signature, capabilities, credential, extensions } = leaf
  const content = leafNodeTbs(leaf, position)
  const valid = verifyLabelled(suite, signatureKey, { label: LABEL, content, signature })
  demand(valid, 'invalid-leaf')
  demand(capabilities.credentials.includes(credentialType(credential)), 'invalid-leaf')
  demand(
    extensions.every(({ type }) => supportsExtension(capabilities, type)),
    'invalid-leaf',
  )
  if (credential.kind === 'pseudonymous')
    demand(credential.signaturePublicKey.equals(signatureKey), 'invalid-leaf')
}

/**
 * What makes the leaves of a group fit each other and its context. `changed`: the leaves that entered or
 * were replaced; all of them where the context's extensions have changed. Throws `invalid-leaf`.
 * `RFC 9420 §7.3, §12.1.7`
 */
export function validateLeavesTogether(
  leaves: readonly LeafNode[],
  { changed, extensions }: { changed: readonly LeafNode[]; extensions: readonly Extension[] },
): void {
  const required = requiredCapabilities(extensions)
  const credentialTypes = new Set(leaves.map(({ credential }) => credentialType(credential)))
  const newTypes = new Set(changed.map(({ credential }) => credentialType(credential)))
  for (const { capabilities } of leaves)
    demand(isSubset(newTypes, capabilities.credentials), 'invalid-leaf')
  for (const { capabilities } of changed) {
    demand(isSubset(credentialTypes, capabilities.credentials), 'invalid-leaf')
    demand(meets(capabilities, required), 'invalid-leaf')
    demand(
      extensions.every(({ type }) => supportsExtension(capabilities, type)),
      'invalid-leaf',
    )
  }
}

/** Empty where the group requires nothing. `RFC 9420 §11.1` */
export function requiredCapabilities(extensions: readonly Extension[]): RequiredCapabilities {
  const data = extensionData(extensions, extensionTypes.requiredCapabilities)
  if (data !== undefined) return decode(requiredCapabilitiesCodec, data)
  return { extensionTypes: [], proposalTypes: [], credentialTypes: [] }
}

export function meets(
  { extensions, proposals, credentials }: Capabilities,
  required: RequiredCapabilities,
): boolean {
  return (
    required.extensionTypes.every((type) => extensions.includes(type) || isDefault(type)) &&
    required.proposalTypes.every(
      (type) => proposals.includes(type) || type <= LAST_DEFAULT_PROPOSAL,
    ) &&
    isSubset(required.credentialTypes, credentials)
  )
}

function supportsExtension({ extensions }: Capabilities, type: number): boolean {
  return isDefault(type) || extensions.includes(type)
}

/** The extension types of RFC 9420 itself are supported by everyone and never listed. */
function isDefault(type: number): boolean {
  return type <= extensionTypes.externalSenders
}

function isSubset(part: Iterable<number>, whole: readonly number[]): boolean {
  return [...part].every((item) => whole.includes(item))
}

const LABEL = 'LeafNodeTBS'
const LAST_DEFAULT_PROPOSAL = 7
