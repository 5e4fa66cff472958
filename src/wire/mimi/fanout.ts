import { optional, uint64, vector, type Codec } from '../codec.ts'
import { mlsMessage, type MlsMessageView } from '../mls/header.ts'
import type { Reader } from '../reader.ts'
import type { Writer } from '../writer.ts'
import { elementCountMax, treeBytesMax } from './bounds.ts'
import { frankCodec, type Frank } from './franking.ts'
import { ratchetTreeOptionCodec, type RatchetTreeOption } from './ratchet-tree-option.ts'

/**
 * One message on its way to a follower; the timestamp is in ms. No protocol octet. What follows the
 * message goes by its wire format and content type. draft-ietf-mimi-protocol-06 §5.5
 */
export type FanoutMessage = {
  readonly timestamp: bigint
  readonly message: MlsMessageView
} & FanoutTail

export type FanoutTail =
  | { readonly kind: 'application'; readonly frank: Frank | undefined }
  | { readonly kind: 'commit'; readonly externalProposals: readonly MlsMessageView[] }
  | { readonly kind: 'proposal'; readonly moreProposals: readonly MlsMessageView[] }
  | { readonly kind: 'welcome'; readonly ratchetTreeOption: RatchetTreeOption }

/** Messages that no follower may get (a private handshake, a KeyPackage) are `unsupported-wire-format`. */
export const fanoutMessageCodec: Codec<FanoutMessage> = { read, write }

/** `MLSMessage messages<V>`. */
export const mlsMessagesCodec = vector(mlsMessage, {
  countMax: elementCountMax,
  bytesMax: treeBytesMax,
})

function read(reader: Reader): FanoutMessage {
  const timestamp = uint64.read(reader)
  const start = reader.position
  const message = mlsMessage.read(reader)
  switch (fanoutKind(message)) {
    case 'application':
      return { kind: 'application', timestamp, message, frank: optionalFrank.read(reader) }
    case 'commit': {
      const externalProposals = mlsMessagesCodec.read(reader)
      return { kind: 'commit', timestamp, message, externalProposals }
    }
    case 'proposal': {
      const moreProposals = mlsMessagesCodec.read(reader)
      return { kind: 'proposal', timestamp, message, moreProposals }
    }
    case 'welcome': {
      const ratchetTreeOption = ratchetTreeOptionCodec.read(reader)
      return { kind: 'welcome', timestamp, message, ratchetTreeOption }
    }
    case undefined: {
      reader.position = start
      return reader.fail('unsupported-wire-format')
    }
  }
}

function write(writer: Writer, fanout: FanoutMessage): void {
  uint64.write(writer, fanout.timestamp)
  mlsMessage.write(writer, fanout.message)
  switch (fanout.kind) {
    case 'application':
      optionalFrank.write(writer, fanout.frank)
      return
    case 'commit':
      mlsMessagesCodec.write(writer, fanout.externalProposals)
      return
    case 'proposal':
      mlsMessagesCodec.write(writer, fanout.moreProposals)
      return
    case 'welcome':
      ratchetTreeOptionCodec.write(writer, fanout.ratchetTreeOption)
  }
}

function fanoutKind({ header }: MlsMessageView): FanoutTail['kind'] | undefined {
  switch (header.kind) {
    case 'private':
      return header.contentType === 'application' ? 'application' : undefined
    case 'public':
      return header.contentType === 'application' ? undefined : header.contentType
    case 'welcome':
      return 'welcome'
    case 'group-info':
    case 'key-package':
      return undefined
  }
}

const optionalFrank = optional(frankCodec)
