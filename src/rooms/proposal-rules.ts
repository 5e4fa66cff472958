import { encode } from '../wire/codec.ts'
import type { Sender } from '../wire/mls/framing.ts'
import {
  preSharedKeyIdCodec,
  proposalTypes,
  type Proposal,
  type ProposalKind,
} from '../wire/mls/proposal.ts'
import { verifyWithLabel } from '../wire/mls/sign-with-label.ts'
import { keyPackageTbs, type KeyPackage } from '../wire/mls/key-package.ts'
import { checkLeafSignature, type Group } from './group.ts'
import { leafIdentity } from './leaf-identity.ts'
import { allSupportProposal } from './leaf-rules.ts'
import { refusal } from './refusal.ts'
import { leafAt } from './tree.ts'
import type { Credential } from '../wire/mls/credential.ts'

/** One proposal of a commit with who proposed it. */
export interface ListedProposal {
  readonly proposal: Proposal
  readonly sender: Sender
  /** Undefined where it stands in the commit itself. */
  readonly reference: Buffer | undefined
}

/** What one proposal must be by itself. Throws `invalid-proposal`, `invalid-signature`. RFC 9420 §12.1 */
export function checkProposal(group: Group, { proposal, sender, reference }: ListedProposal): void {
  if (!senders[sender.kind].has(proposal.kind)) throw refusal('invalid-proposal', 'sender')
  switch (proposal.kind) {
    case 'add':
      checkKeyPackage(group, proposal.keyPackage)
      return
    case 'update':
      checkUpdate(group, proposal, sender)
      return
    case 'remove':
      if (leafAt(group.tree, proposal.removed) === undefined)
        throw refusal('invalid-proposal', 'leaf-blank')
      return
    case 'self-remove':
      if (reference === undefined) throw refusal('invalid-proposal', 'self-remove-inline')
      return
    case 'pre-shared-key':
      if (proposal.id.nonce.length !== group.suite.hashBytes)
        throw refusal('invalid-proposal', 'psk-nonce')
      return
    case 'reinit':
      if (proposal.version < group.context.version) throw refusal('invalid-proposal', 'version')
      return
    case 'external-init':
    case 'group-context-extensions':
    case 'app-data-update':
    case 'app-ephemeral':
  }
}

/** What the proposals of a commit must be together. Throws `invalid-proposal`. RFC 9420 §12.2 */
export function checkProposalList(list: readonly ListedProposal[], committer: Sender): void {
  const count = (kind: ProposalKind) => list.filter(({ proposal }) => proposal.kind === kind).length
  if (committer.kind === 'new-member-commit') checkExternalList(list)
  else if (count('external-init') > 0) throw refusal('invalid-proposal', 'external-init')
  if (count('group-context-extensions') > 1) throw refusal('invalid-proposal', 'extensions-twice')
  if (count('reinit') > 0 && list.length > 1)
    throw refusal('invalid-proposal', 'reinit-with-others')
  checkLeavesOnce(list, committer)
  const keys = list.flatMap(({ proposal }) =>
    proposal.kind === 'pre-shared-key'
      ? [encode(preSharedKeyIdCodec, proposal.id).toString('hex')]
      : [],
  )
  if (new Set(keys).size !== keys.length) throw refusal('invalid-proposal', 'psk-twice')
}

/** All members support each proposal's type. Throws `invalid-proposal`. RFC 9420 §12.2 */
export function checkSupport(group: Group, list: readonly ListedProposal[]): void {
  for (const kind of new Set(list.map(({ proposal }) => proposal.kind)))
    if (!allSupportProposal(group.tree, proposalTypes[kind]))
      throw refusal('invalid-proposal', 'type-unsupported')
}

/** Whether the proposals demand an UpdatePath. RFC 9420 §12.4, §17.4 */
export function needsPath(list: readonly ListedProposal[]): boolean {
  return list.length === 0 || list.some(({ proposal }) => pathKinds.has(proposal.kind))
}

/** RFC 9420 §10.1, but for the lifetime and for what the credential is worth. */
function checkKeyPackage(group: Group, keyPackage: KeyPackage): void {
  const { leafNode } = keyPackage
  if (keyPackage.cipherSuite !== group.suite.code) throw refusal('invalid-proposal', 'cipher-suite')
  if (leafNode.source.kind !== 'key-package') throw refusal('invalid-proposal', 'leaf-source')
  if (keyPackage.initKey.equals(leafNode.encryptionKey))
    throw refusal('invalid-proposal', 'init-key')
  const valid = verifyWithLabel({
    cipherSuite: group.suite.code,
    publicKey: leafNode.signatureKey,
    label: 'KeyPackageTBS',
    content: keyPackageTbs(keyPackage),
    signature: keyPackage.signature,
  })
  if (!valid) throw refusal('invalid-signature', 'key-package')
  checkLeafSignature(group, 0, leafNode)
}

function checkUpdate(
  group: Group,
  { leafNode }: Proposal & { kind: 'update' },
  sender: Sender,
): void {
  if (sender.kind !== 'member') throw refusal('invalid-proposal', 'sender')
  const before = leafAt(group.tree, sender.leafIndex)
  if (before === undefined) throw refusal('invalid-proposal', 'leaf-blank')
  if (leafNode.source.kind !== 'update') throw refusal('invalid-proposal', 'leaf-source')
  if (leafNode.encryptionKey.equals(before.encryptionKey))
    throw refusal('invalid-proposal', 'encryption-key-kept')
  if (!sameUser(before.credential, leafNode.credential))
    throw refusal('invalid-proposal', 'credential-changed')
  checkLeafSignature(group, sender.leafIndex, leafNode)
}

/** Whether a credential may take another's place: a leaf never passes to another user. */
export function sameUser(before: Credential, after: Credential): boolean {
  if (before.kind !== after.kind) return false
  const user = leafIdentity(before)?.user
  return user === leafIdentity(after)?.user
}

/** Exactly one ExternalInit, by value; of what waits only what needs no secrets. RFC 9420 §12.2, §12.4.3.2 */
function checkExternalList(list: readonly ListedProposal[]): void {
  const inline = list.filter(({ reference }) => reference === undefined)
  const count = (kind: ProposalKind) =>
    inline.filter(({ proposal }) => proposal.kind === kind).length
  if (count('external-init') !== 1) throw refusal('invalid-proposal', 'external-init')
  if (count('remove') > 1) throw refusal('invalid-proposal', 'external-commit')
  const waiting = list.filter(({ reference }) => reference !== undefined)
  if (!waiting.every(({ proposal }) => referencedKinds.has(proposal.kind)))
    throw refusal('invalid-proposal', 'external-commit')
}

/** No leaf is updated or removed twice, and none by a commit of its own. */
function checkLeavesOnce(list: readonly ListedProposal[], committer: Sender): void {
  const touched = new Set<number>()
  for (const { proposal, sender } of list) {
    const leafIndex = proposal.kind === 'remove' ? proposal.removed : ownLeaf(proposal, sender)
    if (leafIndex === undefined) continue
    if (committer.kind === 'member' && leafIndex === committer.leafIndex)
      throw refusal('invalid-proposal', 'committer')
    if (touched.has(leafIndex)) throw refusal('invalid-proposal', 'leaf-twice')
    touched.add(leafIndex)
  }
}

function ownLeaf(proposal: Proposal, sender: Sender): number | undefined {
  if (proposal.kind !== 'update' && proposal.kind !== 'self-remove') return undefined
  return sender.kind === 'member' ? sender.leafIndex : undefined
}

/** Who may propose what. RFC 9420 §12.1.8, §17.4; draft-ietf-mls-extensions §7 */
const senders: Readonly<Record<Sender['kind'], ReadonlySet<ProposalKind>>> = {
  member: new Set([
    'add',
    'update',
    'remove',
    'pre-shared-key',
    'reinit',
    'group-context-extensions',
    'app-data-update',
    'app-ephemeral',
    'self-remove',
  ]),
  external: new Set([
    'add',
    'remove',
    'pre-shared-key',
    'reinit',
    'group-context-extensions',
    'app-data-update',
    'app-ephemeral',
  ]),
  'new-member-proposal': new Set(['add']),
  'new-member-commit': new Set([
    'external-init',
    'remove',
    'pre-shared-key',
    'app-data-update',
    'app-ephemeral',
  ]),
}

/** What a joiner may take over by reference. draft-ietf-mls-extensions §4.7, §5 */
const referencedKinds: ReadonlySet<ProposalKind> = new Set([
  'self-remove',
  'app-data-update',
  'app-ephemeral',
])

const pathKinds: ReadonlySet<ProposalKind> = new Set([
  'update',
  'remove',
  'external-init',
  'group-context-extensions',
  'self-remove',
])
