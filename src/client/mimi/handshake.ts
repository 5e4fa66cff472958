import { decode, encode, opaque } from '../../wire/codec.ts'
import { updateRequestCodec } from '../../wire/mimi/update.ts'
import type { PrivateMessage, PublicMessage } from '../../wire/mls/framing.ts'
import { groupInfoCodec } from '../../wire/mls/group-info.ts'
import { mlsMessage, type MlsMessageView } from '../../wire/mls/header.ts'
import { mlsMessageCodec } from '../../wire/mls/message.ts'
import { welcomeCodec } from '../../wire/mls/welcome.ts'
import type { StagedCommit } from '../mls/create-commit.ts'

/** The body of `update` for a commit. draft-ietf-mimi-protocol-06 §5.3 */
export function commitRequest({ message, welcome, groupInfo, ratchetTree }: StagedCommit): Buffer {
  return encode(updateRequestCodec, {
    kind: 'commit',
    proposalOrCommit: publicView(message),
    welcome: welcome && { value: welcome, bytes: encode(welcomeCodec, welcome) },
    groupInfoOption: {
      representation: 'full',
      groupInfo: { value: groupInfo, bytes: encode(groupInfoCodec, groupInfo) },
    },
    ratchetTreeOption: {
      representation: 'full',
      ratchetTree: decode(prefixed, ratchetTree),
    },
  })
}

/** The body of `update` for proposals, in their order. draft-ietf-mimi-protocol-06 §5.3 */
export function proposalRequest([first, ...more]: readonly [
  PublicMessage,
  ...PublicMessage[],
]): Buffer {
  return encode(updateRequestCodec, {
    kind: 'proposal',
    proposalOrCommit: publicView(first),
    moreProposals: more.map(publicView),
  })
}

function publicView(publicMessage: PublicMessage): MlsMessageView {
  return decode(mlsMessage, encode(mlsMessageCodec, { kind: 'public', publicMessage }))
}

export function privateView(privateMessage: PrivateMessage): MlsMessageView {
  return decode(mlsMessage, encode(mlsMessageCodec, { kind: 'private', privateMessage }))
}

/** MIMI's `ratchetTree` is the inside of the vector; MLS wants it with its length. */
export function withLengthPrefix(ratchetTree: Buffer): Buffer {
  return encode(prefixed, ratchetTree)
}

const prefixed = opaque(0x3fff_ffff)
