import { randomBytes } from 'node:crypto'
import { composeMessage, textBody } from '../../src/client/mimi/franked-message.ts'
import { commitRequest, privateView, proposalRequest } from '../../src/client/mimi/handshake.ts'
import type { MimiClient } from '../../src/client/mimi-client.ts'
import type { MlsGroup } from '../../src/client/mls/mls-group.ts'
import { encode } from '../../src/wire/codec.ts'
import { submitMessageRequestCodec } from '../../src/wire/mimi/submit-message.ts'
import type { Proposal } from '../../src/wire/mls/proposal.ts'

export interface RawMessage {
  readonly text?: string
  readonly sendingUri?: string
  /** False leaves out the SafeAAD with the franking tag. */
  readonly franked?: boolean
}

/** The body of `submitMessage`, made but not sent. */
export function messageBody(client: MimiClient, room: string, options: RawMessage = {}): Buffer {
  return messageBodyOf(client.group(room), client.participant(room), { room, ...options })
}

/** As `messageBody`, of a group that a client may have left behind. */
export function messageBodyOf(
  group: MlsGroup,
  participant: string,
  { room, text = 'hello', sendingUri = participant, franked = true }: RawMessage & { room: string },
): Buffer {
  const names = { senderUri: sendingUri, roomUri: room }
  const composed = composeMessage(names, { body: textBody(text) }, randomBytes)
  const { applicationData, authenticatedData } = composed
  const message = group.protect(applicationData, franked ? { authenticatedData } : {})
  return encode(submitMessageRequestCodec, {
    protocol: 'mls10',
    appMessage: privateView(message),
    sendingUri,
  })
}

/** The body of `update` for a commit that its client forgets again. */
export function commitBody(
  client: MimiClient,
  room: string,
  proposals: readonly Proposal[] = [],
): Buffer {
  const group = client.group(room)
  const staged = group.commit({ proposals })
  group.discardPendingCommit()
  return commitRequest(staged)
}

/** The body of `update` for a proposal of new keys for a client's own leaf. */
export function proposalBody(client: MimiClient, room: string): Buffer {
  return proposalRequest([client.group(room).proposeUpdate()])
}
