import { decode, encode } from '../../src/wire/codec.ts'
import type { Credential } from '../../src/wire/mls/credential.ts'
import type { FramedContent } from '../../src/wire/mls/framing.ts'
import type { GroupInfo } from '../../src/wire/mls/group-info.ts'
import { mlsMessage, type MlsMessageView } from '../../src/wire/mls/header.ts'
import type { KeyPackage } from '../../src/wire/mls/key-package.ts'
import { mlsMessageCodec, type MlsMessage } from '../../src/wire/mls/message.ts'
import type { Welcome } from '../../src/wire/mls/welcome.ts'

const groupId = Buffer.from('mimi://a.example/g/clubhouse')
const sixtyFour = Buffer.alloc(64, 4)
const thirtyTwo = Buffer.alloc(32, 2)

/** MLS objects with the right syntax and no cryptography in them. */
export function basicCredential(uri: string): Credential {
  return { kind: 'basic', identity: Buffer.from(uri) }
}

export function pseudonymousCredential(userPseudonym: string): Credential {
  return {
    kind: 'pseudonymous',
    clientPseudonym: Buffer.from('mimi://b.example/d/6ff3'),
    userPseudonym: Buffer.from(userPseudonym),
    signaturePublicKey: thirtyTwo,
    identityLinkCiphertext: Buffer.from('sealed'),
  }
}

export function sampleKeyPackage(user = 'mimi://c.example/u/cathy'): KeyPackage {
  return {
    version: 1,
    cipherSuite: 1,
    initKey: thirtyTwo,
    leafNode: {
      encryptionKey: thirtyTwo,
      signatureKey: thirtyTwo,
      credential: basicCredential(user),
      capabilities: {
        versions: [1],
        cipherSuites: [1],
        extensions: [],
        proposals: [],
        credentials: [1],
      },
      source: { kind: 'key-package', notBefore: 0n, notAfter: 2_000_000_000n },
      extensions: [],
      signature: sixtyFour,
    },
    extensions: [],
    signature: sixtyFour,
  }
}

export function sampleGroupInfo(): GroupInfo {
  return {
    groupContext: {
      version: 1,
      cipherSuite: 1,
      groupId,
      epoch: 8n,
      treeHash: thirtyTwo,
      confirmedTranscriptHash: thirtyTwo,
      extensions: [],
    },
    extensions: [],
    confirmationTag: thirtyTwo,
    signer: 0,
    signature: sixtyFour,
  }
}

export function sampleWelcome(refs: readonly Buffer[]): Welcome {
  return {
    cipherSuite: 1,
    secrets: refs.map((newMember) => ({
      newMember,
      encryptedGroupSecrets: { kemOutput: thirtyTwo, ciphertext: sixtyFour },
    })),
    encryptedGroupInfo: sixtyFour,
  }
}

/** With a franking tag of 32 octets `0x05` unless another `authenticated_data` is given. */
export function privateMessage(
  contentType: 'application' | 'proposal' | 'commit' = 'application',
  authenticatedData = Buffer.concat([Buffer.from('23002020', 'hex'), Buffer.alloc(32, 5)]),
): MlsMessageView {
  return viewOf({
    kind: 'private',
    privateMessage: {
      groupId,
      epoch: 7n,
      contentType,
      authenticatedData,
      encryptedSenderData: thirtyTwo,
      ciphertext: Buffer.alloc(256, 9),
    },
  })
}

export function publicCommit(): MlsMessageView {
  return publicMessage({ kind: 'commit', commit: { proposals: [], path: undefined } })
}

export function publicProposal(removed = 1): MlsMessageView {
  return publicMessage({ kind: 'proposal', proposal: { kind: 'remove', removed } })
}

export function welcomeMessage(refs: readonly Buffer[]): MlsMessageView {
  return viewOf({ kind: 'welcome', welcome: sampleWelcome(refs) })
}

function publicMessage(content: FramedContent['content']): MlsMessageView {
  return viewOf({
    kind: 'public',
    publicMessage: {
      content: {
        groupId,
        epoch: 7n,
        sender: { kind: 'member', leafIndex: 1 },
        authenticatedData: Buffer.alloc(0),
        content,
      },
      signature: sixtyFour,
      confirmationTag: content.kind === 'commit' ? thirtyTwo : undefined,
      membershipTag: thirtyTwo,
    },
  })
}

function viewOf(message: MlsMessage): MlsMessageView {
  return decode(mlsMessage, encode(mlsMessageCodec, message))
}
