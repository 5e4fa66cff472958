import { decodeOr, refusal } from './refusal.ts'
import { checkEpoch, externalSenders, type Group } from './group.ts'
import { leafAt } from './tree.ts'
import type { ErrorCode } from '../model/errors.ts'
import { framedContentTbs, type FramedContent, type PublicMessage } from '../wire/mls/framing.ts'
import { mlsMessageCodec } from '../wire/mls/message.ts'
import { verifyWithLabel } from '../wire/mls/sign-with-label.ts'

/**
 * Decodes one MLSMessage as a PublicMessage of this group and epoch and verifies its signature.
 * Membership and confirmation tags need secrets of the group: members check those.
 * Throws `code`, `wrong-message-kind`, `wrong-epoch`, `invalid-signature`. RFC 9420 §6.1
 */
export function authenticate(group: Group, bytes: Buffer, code: ErrorCode): PublicMessage {
  const message = decodeOr(code, mlsMessageCodec, bytes)
  if (message.kind !== 'public') throw refusal('wrong-message-kind', 'wire-format')
  const { publicMessage } = message
  const { content } = publicMessage
  checkEpoch(group, content)
  const valid = verifyWithLabel({
    cipherSuite: group.suite.code,
    publicKey: signatureKey(group, content, code),
    label: 'FramedContentTBS',
    content: framedContentTbs({ wireFormat: 1, content }, group.context),
    signature: publicMessage.signature,
  })
  if (!valid) throw refusal('invalid-signature', 'message')
  return publicMessage
}

/** The key that the sender must have signed with. RFC 9420 §6, §12.1.8 */
function signatureKey(group: Group, { sender, content }: FramedContent, code: ErrorCode): Buffer {
  switch (sender.kind) {
    case 'member': {
      const leaf = leafAt(group.tree, sender.leafIndex)
      if (leaf === undefined) throw refusal(code, 'sender-unknown')
      return leaf.signatureKey
    }
    case 'external': {
      const external = externalSenders(group)[sender.senderIndex]
      if (external === undefined || content.kind !== 'proposal')
        throw refusal(code, 'external-sender')
      return external.signatureKey
    }
    case 'new-member-proposal':
      if (content.kind !== 'proposal' || content.proposal.kind !== 'add')
        throw refusal(code, 'new-member')
      return content.proposal.keyPackage.leafNode.signatureKey
    case 'new-member-commit':
      if (content.kind !== 'commit' || content.commit.path === undefined)
        throw refusal(code, 'new-member')
      return content.commit.path.leafNode.signatureKey
  }
}
