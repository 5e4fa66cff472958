import { decode } from '../../wire/codec.ts'
import { externalSendersCodec, type ExternalSender } from '../../wire/mls/external-sender.ts'
import { extensionData, extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import type { Sender } from '../../wire/mls/framing.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { ClientError } from '../errors.ts'
import { memberLeaf, type PublicEpoch } from './epoch.ts'

/** The key that must have signed a proposal. Throws `unknown-sender`. `RFC 9420 §12.1.8` */
export function verifierKey(epoch: PublicEpoch, sender: Sender, proposal: Proposal): Buffer {
  switch (sender.kind) {
    case 'member':
      return memberLeaf(epoch, sender.leafIndex).signatureKey
    case 'external': {
      const known = externalSenders(epoch.groupContext.extensions)[sender.senderIndex]
      if (known === undefined) throw new ClientError('unknown-sender')
      return known.signatureKey
    }
    case 'new-member-proposal':
      if (proposal.kind !== 'add') throw new ClientError('invalid-proposal')
      return proposal.keyPackage.leafNode.signatureKey
    case 'new-member-commit':
      throw new ClientError('wrong-message-kind')
  }
}

/** Extension 5 of a GroupContext; none where it is absent. `RFC 9420 §12.1.8.1` */
export function externalSenders(extensions: readonly Extension[]): readonly ExternalSender[] {
  const data = extensionData(extensions, extensionTypes.externalSenders)
  return data === undefined ? [] : decode(externalSendersCodec, data)
}
