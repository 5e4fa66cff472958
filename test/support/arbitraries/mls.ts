import { constant, oneof, tuple, type Arbitrary, uint8Array, uniqueArray } from 'fast-check'
import { decode, encode } from '../../../src/wire/codec.ts'
import type { AppDataDictionary, AppDataUpdate } from '../../../src/wire/mls/app-data.ts'
import type { ApplicationFraming, MediaType } from '../../../src/wire/mls/application-framing.ts'
import type { Capabilities, RequiredCapabilities } from '../../../src/wire/mls/capabilities.ts'
import type { Commit, UpdatePath } from '../../../src/wire/mls/commit.ts'
import type { Credential } from '../../../src/wire/mls/credential.ts'
import type { Extension } from '../../../src/wire/mls/extension.ts'
import type { ExternalSender } from '../../../src/wire/mls/external-sender.ts'
import type {
  FramedContent,
  PrivateMessage,
  PublicMessage,
  Sender,
} from '../../../src/wire/mls/framing.ts'
import type { GroupContext, GroupInfo } from '../../../src/wire/mls/group-info.ts'
import { mlsMessage, type MlsMessageView } from '../../../src/wire/mls/header.ts'
import type { HpkeCiphertext } from '../../../src/wire/mls/hpke-ciphertext.ts'
import type { KeyPackage } from '../../../src/wire/mls/key-package.ts'
import type { LeafNode } from '../../../src/wire/mls/leaf-node.ts'
import { mlsMessageCodec, type MlsMessage } from '../../../src/wire/mls/message.ts'
import type { Proposal } from '../../../src/wire/mls/proposal.ts'
import type { RatchetTree, TreeNode } from '../../../src/wire/mls/ratchet-tree.ts'
import type { SafeAad } from '../../../src/wire/mls/safe-aad.ts'
import type { Welcome } from '../../../src/wire/mls/welcome.ts'
import {
  bytes,
  list,
  oneOf,
  optional,
  record,
  uint16,
  uint32,
  uint64,
  userUri,
  tag,
} from './base.ts'

const hash = bytes(64)
const key = bytes(65)
const types = list(uint16)
const one: Arbitrary<1> = constant(1)

export const credential: Arbitrary<Credential> = oneof(
  record({ kind: tag('basic'), identity: userUri.map((uri) => Buffer.from(uri)) }),
  record({ kind: constant('x509' as const), certificates: list(bytes()) }),
  record({
    kind: tag('pseudonymous'),
    clientPseudonym: bytes(),
    userPseudonym: userUri.map((uri) => Buffer.from(uri)),
    signaturePublicKey: key,
    identityLinkCiphertext: bytes(),
  }),
  record({
    kind: tag('other'),
    type: uint16.filter((type) => ![1, 2, 0xf4d1].includes(type)),
    content: bytes(),
  }),
)

export const capabilities: Arbitrary<Capabilities> = record({
  versions: types,
  cipherSuites: types,
  extensions: types,
  proposals: types,
  credentials: types,
})

export const requiredCapabilities: Arbitrary<RequiredCapabilities> = record({
  extensionTypes: types,
  proposalTypes: types,
  credentialTypes: types,
})

export const extensions: Arbitrary<readonly Extension[]> = uniqueArray(
  record({ type: uint16, data: bytes() }),
  { maxLength: 3, selector: ({ type }) => type },
)

const components = uniqueArray(record({ componentId: uint16, data: bytes() }), {
  maxLength: 4,
  selector: ({ componentId }) => componentId,
}).map((items) => items.toSorted((a, b) => a.componentId - b.componentId))

export const appDataDictionary: Arbitrary<AppDataDictionary> = record({ componentData: components })
export const appEphemeral = record({ componentId: uint16, data: bytes() })
export const safeAad: Arbitrary<SafeAad> = record({ aadItems: components })
export const appDataUpdate: Arbitrary<AppDataUpdate> = record<AppDataUpdate>({
  componentId: uint16,
  operation: oneof(
    record({ kind: tag('update'), update: bytes() }),
    constant({ kind: 'remove' as const }),
  ),
})

export const mediaType: Arbitrary<MediaType> = record({
  mediaType: bytes(),
  parameters: list(record({ parameterName: bytes(), parameterValue: bytes() })),
})
export const applicationFraming: Arbitrary<ApplicationFraming> = record({
  mediaType,
  innerApplicationContent: bytes(200),
})

export const leafNode: Arbitrary<LeafNode> = record<LeafNode>({
  encryptionKey: key,
  signatureKey: key,
  credential,
  capabilities,
  source: oneof(
    record({ kind: tag('key-package'), notBefore: uint64, notAfter: uint64 }),
    constant({ kind: 'update' as const }),
    record({ kind: tag('commit'), parentHash: hash }),
  ),
  extensions,
  signature: bytes(64),
})

export const keyPackage: Arbitrary<KeyPackage> = record<KeyPackage>({
  version: one,
  cipherSuite: uint16,
  initKey: key,
  leafNode,
  extensions,
  signature: bytes(64),
})

export const groupContext: Arbitrary<GroupContext> = record<GroupContext>({
  version: one,
  cipherSuite: uint16,
  groupId: bytes(),
  epoch: uint64,
  treeHash: hash,
  confirmedTranscriptHash: hash,
  extensions,
})

export const groupInfo: Arbitrary<GroupInfo> = record<GroupInfo>({
  groupContext,
  extensions,
  confirmationTag: hash,
  signer: uint32,
  signature: bytes(64),
})

export const externalSender: Arbitrary<ExternalSender> = record({ signatureKey: key, credential })
export const hpkeCiphertext: Arbitrary<HpkeCiphertext> = record({
  kemOutput: bytes(),
  ciphertext: bytes(100),
})

export const welcome: Arbitrary<Welcome> = record({
  cipherSuite: uint16,
  secrets: list(record({ newMember: hash, encryptedGroupSecrets: hpkeCiphertext })),
  encryptedGroupInfo: bytes(300),
})

const treeNode: Arbitrary<TreeNode> = oneof(
  record({ kind: tag('leaf'), leafNode }),
  record({
    kind: tag('parent'),
    parentNode: record({
      encryptionKey: key,
      parentHash: hash,
      unmergedLeaves: uniqueArray(uint32, { maxLength: 4 }).map((all) =>
        all.toSorted((a, b) => a - b),
      ),
    }),
  }),
)
export const ratchetTree: Arbitrary<RatchetTree> = list(optional(treeNode))

export const proposal: Arbitrary<Proposal> = oneof(
  record({ kind: tag('add'), keyPackage }),
  record({ kind: tag('update'), leafNode }),
  record({ kind: tag('remove'), removed: uint32 }),
  record({ kind: tag('external-init'), kemOutput: bytes() }),
  record({ kind: tag('group-context-extensions'), extensions }),
  appDataUpdate.map((update) => ({ kind: 'app-data-update' as const, ...update })),
  appEphemeral.map((ephemeral) => ({ kind: 'app-ephemeral' as const, ...ephemeral })),
  constant({ kind: 'self-remove' as const }),
)

const updatePath: Arbitrary<UpdatePath> = record<UpdatePath>({
  leafNode,
  nodes: list(record({ encryptionKey: key, encryptedPathSecret: list(hpkeCiphertext, 2) }), 2),
})

export const commit: Arbitrary<Commit> = record<Commit>({
  proposals: list(
    oneof(
      record({ kind: tag('proposal'), proposal }),
      record({ kind: tag('reference'), reference: hash }),
    ),
    2,
  ),
  path: optional(updatePath),
})

const sender: Arbitrary<Sender> = oneof(
  record({ kind: tag('member'), leafIndex: uint32 }),
  record({ kind: tag('external'), senderIndex: uint32 }),
  constant({ kind: 'new-member-proposal' as const }),
  constant({ kind: 'new-member-commit' as const }),
)

export const framedContent: Arbitrary<FramedContent> = framed(
  oneof(
    record({ kind: tag('application'), applicationData: bytes(100) }),
    record({ kind: tag('proposal'), proposal }),
    record({ kind: tag('commit'), commit }),
  ),
)

function framed(content: Arbitrary<FramedContent['content']>): Arbitrary<FramedContent> {
  return record<FramedContent>({
    groupId: bytes(),
    epoch: uint64,
    sender,
    authenticatedData: bytes(),
    content,
  })
}

function publicOf(content: Arbitrary<FramedContent['content']>): Arbitrary<PublicMessage> {
  return tuple(framed(content), bytes(64), hash, hash).map(
    ([frame, signature, confirmation, mac]) => ({
      content: frame,
      signature,
      confirmationTag: frame.content.kind === 'commit' ? confirmation : undefined,
      membershipTag: frame.sender.kind === 'member' ? mac : undefined,
    }),
  )
}

const publicProposal = publicOf(record({ kind: tag('proposal'), proposal }))
const publicCommit = publicOf(record({ kind: tag('commit'), commit }))
export const publicMessage = oneof(publicProposal, publicCommit)

function privateOf(
  contentType: Arbitrary<PrivateMessage['contentType']>,
): Arbitrary<PrivateMessage> {
  return record<PrivateMessage>({
    groupId: bytes(),
    epoch: uint64,
    contentType,
    authenticatedData: oneof(bytes(), frankAad),
    encryptedSenderData: bytes(),
    ciphertext: bytes(200),
  })
}

const frankAad = uint8Array({ minLength: 32, maxLength: 32 }).map((frankingTag) =>
  Buffer.concat([Buffer.from('23002020', 'hex'), frankingTag]),
)

export const privateMessage = privateOf(oneOf('application', 'proposal', 'commit'))

export const anyMlsMessage: Arbitrary<MlsMessage> = oneof(
  publicMessage.map((message) => ({ kind: 'public' as const, publicMessage: message })),
  privateMessage.map((message) => ({ kind: 'private' as const, privateMessage: message })),
  welcome.map((message) => ({ kind: 'welcome' as const, welcome: message })),
  groupInfo.map((message) => ({ kind: 'group-info' as const, groupInfo: message })),
  keyPackage.map((message) => ({ kind: 'key-package' as const, keyPackage: message })),
)

function viewOf(message: MlsMessage): MlsMessageView {
  return decode(mlsMessage, encode(mlsMessageCodec, message))
}

/** MLSMessages as other structs hold them. */
export const views = {
  any: anyMlsMessage.map(viewOf),
  proposal: publicProposal.map((m) => viewOf({ kind: 'public', publicMessage: m })),
  commit: publicCommit.map((m) => viewOf({ kind: 'public', publicMessage: m })),
  application: privateOf(oneOf('application')).map((m) =>
    viewOf({ kind: 'private', privateMessage: m }),
  ),
  welcome: welcome.map((m) => viewOf({ kind: 'welcome', welcome: m })),
}
