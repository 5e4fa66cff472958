import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { signatureKeyPair } from '../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import {
  signFramedContent,
  verifyFramedContent,
} from '../../../src/client/mls/content-signature.ts'
import { openPrivate, protectPrivate } from '../../../src/client/mls/private-framing.ts'
import { openPublic, protectPublic } from '../../../src/client/mls/public-framing.ts'
import { SecretTree } from '../../../src/client/mls/secret-tree.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { commitCodec } from '../../../src/wire/mls/commit.ts'
import type { AuthenticatedContent, FramedContent } from '../../../src/wire/mls/framing.ts'
import { mlsMessageCodec, type MlsMessage } from '../../../src/wire/mls/message.ts'
import { proposalCodec } from '../../../src/wire/mls/proposal.ts'
import { fromHex } from '../../support/hex.ts'
import { vectorJson } from '../../support/vectors.ts'

type Case = Readonly<Record<string, string>> & {
  readonly cipher_suite: number
  readonly epoch: number
}
const cases = (vectorJson('mls/message-protection.json.gz') ?? []) as unknown as readonly Case[]

/** The vectors' sender: the member at leaf 1 of 2. */
function contextOf(vector: Case) {
  const suite = mlsSuite(vector.cipher_suite)
  const bytes = (name: string) => fromHex(vector[name] ?? '')
  return {
    suite,
    groupContext: {
      version: 1 as const,
      cipherSuite: vector.cipher_suite,
      groupId: bytes('group_id'),
      epoch: BigInt(vector.epoch),
      treeHash: bytes('tree_hash'),
      confirmedTranscriptHash: bytes('confirmed_transcript_hash'),
      extensions: [],
    },
    membershipKey: bytes('membership_key'),
    senderDataSecret: bytes('sender_data_secret'),
    secretTree: new SecretTree(suite, {
      encryptionSecret: bytes('encryption_secret'),
      leafCount: 2,
    }),
  }
}

function open(vector: Case, name: string): AuthenticatedContent {
  const context = contextOf(vector)
  const message = decode(mlsMessageCodec, fromHex(vector[name] ?? ''))
  const authenticated = openAny(context, message)
  verifyFramedContent(context, fromHex(vector['signature_pub'] ?? ''), authenticated)
  return authenticated
}

function openAny(context: ReturnType<typeof contextOf>, message: MlsMessage) {
  if (message.kind === 'public') return openPublic(context, message.publicMessage)
  if (message.kind !== 'private') throw new Error('not a framed message')
  return openPrivate(context, message.privateMessage).authenticated
}

function contentBytes({ content }: FramedContent): Buffer {
  switch (content.kind) {
    case 'application':
      return content.applicationData
    case 'proposal':
      return encode(proposalCodec, content.proposal)
    case 'commit':
      return encode(commitCodec, content.commit)
  }
}

// Where the vectors are absent `vectorJson` says so.
test.skipIf(cases.length === 0)('there are vectors of every suite of RFC 9420', () => {
  expect(cases.map((vector) => vector.cipher_suite)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test.each(cases)('suite $cipher_suite opens the messages of the vectors', (vector) => {
  for (const kind of ['proposal', 'commit', 'application'])
    for (const form of kind === 'application' ? ['priv'] : ['pub', 'priv']) {
      const { content } = open(vector, `${kind}_${form}`)
      expect(contentBytes(content)).toEqual(fromHex(vector[kind] ?? ''))
    }
})

test.each(cases)('suite $cipher_suite opens what it protects itself', (vector) => {
  const context = contextOf(vector)
  const signer = signatureKeyPair(context.suite, fromHex(vector['signature_priv'] ?? ''))
  const { groupId, epoch } = context.groupContext
  const bytes = (name: string) => fromHex(vector[name] ?? '')
  const contents: FramedContent['content'][] = [
    { kind: 'application', applicationData: bytes('application') },
    { kind: 'proposal', proposal: decode(proposalCodec, bytes('proposal')) },
    { kind: 'commit', commit: decode(commitCodec, bytes('commit')) },
  ]
  for (const content of contents)
    for (const wireFormat of content.kind === 'application'
      ? [2 as const]
      : [1 as const, 2 as const]) {
      const sender = { kind: 'member', leafIndex: 1 } as const
      const framed = {
        wireFormat,
        content: { groupId, epoch, sender, authenticatedData: Buffer.from('aad'), content },
      }
      const authenticated = {
        ...framed,
        signature: signFramedContent(context, signer, framed),
        confirmationTag: content.kind === 'commit' ? Buffer.alloc(32, 1) : undefined,
      }
      const sent: MlsMessage =
        wireFormat === 1
          ? { kind: 'public', publicMessage: protectPublic(context, authenticated) }
          : {
              kind: 'private',
              privateMessage: protectPrivate(contextOf(vector), authenticated, {
                paddingFor: () => 17,
                randomness: randomBytes,
              }),
            }
      const received = decode(mlsMessageCodec, encode(mlsMessageCodec, sent))
      expect(openAny(contextOf(vector), received)).toEqual(authenticated)
    }
})
