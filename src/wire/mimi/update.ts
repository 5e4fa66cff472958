import {
  enumeration,
  opaque,
  optional,
  spanned,
  text,
  uint64,
  variant,
  vector,
  type Codec,
  type Decoded,
} from '../codec.ts'
import { mlsMessage, type MlsMessageView } from '../mls/header.ts'
import { welcomeCodec, type Welcome } from '../mls/welcome.ts'
import type { Reader } from '../reader.ts'
import type { Writer } from '../writer.ts'
import { bodyBytesMax, elementCountMax, keyBytesMax, textBytesMax } from './bounds.ts'
import { mlsMessagesCodec } from './fanout.ts'
import {
  groupInfoOptionCodec,
  ratchetTreeOptionCodec,
  type GroupInfoOption,
  type RatchetTreeOption,
} from './ratchet-tree-option.ts'

/**
 * A commit with what its hub needs, or proposals; `kind` is the content type of `proposalOrCommit`,
 * a PublicMessage. The draft's HandshakeBundle: an UpdateRequest is one and nothing else.
 * draft-ietf-mimi-protocol-06 §5.3
 */
export type UpdateRequest =
  | {
      readonly kind: 'commit'
      readonly proposalOrCommit: MlsMessageView
      readonly welcome: { readonly value: Welcome; readonly bytes: Buffer } | undefined
      readonly groupInfoOption: GroupInfoOption
      readonly ratchetTreeOption: RatchetTreeOption
    }
  | {
      readonly kind: 'proposal'
      readonly proposalOrCommit: MlsMessageView
      readonly moreProposals: readonly MlsMessageView[]
    }

/**
 * The body of `update`; no protocol octet. Any message but a public proposal or commit is
 * `unsupported-wire-format`. draft-ietf-mimi-protocol-06 §5.3
 */
export const updateRequestCodec: Codec<UpdateRequest> = { read, write }

/** `UpdateResponseCode`. draft-ietf-mimi-protocol-06 §5.3 */
const updateResponseCodeCodec = enumeration({
  success: 0,
  wrongEpoch: 1,
  notAllowed: 2,
  invalidProposal: 3,
})

/** Times in ms since the Unix epoch. No protocol octet. draft-ietf-mimi-protocol-06 §5.3 */
export const updateRoomResponseCodec = variant(
  ['responseCode', updateResponseCodeCodec],
  {
    success: { acceptedTimestamp: uint64 },
    wrongEpoch: { currentEpoch: uint64 },
    notAllowed: {},
    invalidProposal: {
      invalidProposals: vector(opaque(keyBytesMax), {
        countMax: elementCountMax,
        bytesMax: bodyBytesMax,
      }),
    },
  },
  { between: { errorDescription: text(textBytesMax) } },
)
export type UpdateRoomResponse = Decoded<typeof updateRoomResponseCodec>

function read(reader: Reader): UpdateRequest {
  const start = reader.position
  const proposalOrCommit = mlsMessage.read(reader)
  const { header } = proposalOrCommit
  if (header.kind === 'public' && header.contentType === 'commit')
    return {
      kind: 'commit',
      proposalOrCommit,
      welcome: optionalWelcome.read(reader),
      groupInfoOption: groupInfoOptionCodec.read(reader),
      ratchetTreeOption: ratchetTreeOptionCodec.read(reader),
    }
  if (header.kind === 'public' && header.contentType === 'proposal')
    return { kind: 'proposal', proposalOrCommit, moreProposals: mlsMessagesCodec.read(reader) }
  reader.position = start
  return reader.fail('unsupported-wire-format')
}

function write(writer: Writer, bundle: UpdateRequest): void {
  mlsMessage.write(writer, bundle.proposalOrCommit)
  if (bundle.kind === 'proposal') {
    mlsMessagesCodec.write(writer, bundle.moreProposals)
    return
  }
  optionalWelcome.write(writer, bundle.welcome)
  groupInfoOptionCodec.write(writer, bundle.groupInfoOption)
  ratchetTreeOptionCodec.write(writer, bundle.ratchetTreeOption)
}

const optionalWelcome = optional(spanned(welcomeCodec))
