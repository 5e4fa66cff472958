import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { MimiClient } from '../src/client/mimi-client.ts'
import { composeMessage, textBody } from '../src/client/mimi/franked-message.ts'
import { privateView } from '../src/client/mimi/handshake.ts'
import { encode } from '../src/wire/codec.ts'
import { fanoutMessageCodec } from '../src/wire/mimi/fanout.ts'
import type { Frank } from '../src/wire/mimi/franking.ts'
import { submitMessageRequestCodec } from '../src/wire/mimi/submit-message.ts'
import type { MlsMessageView } from '../src/wire/mls/header.ts'
import { startFederation } from '../test/support/federation.ts'
import { admitPseudonym, newPseudonym, type BenchPseudonym } from './pseudonym.ts'

/** A real message in the struct that one operation carries. Every variant of its ciphertext is another message. */
export interface MessageTemplate {
  readonly room: string
  readonly body: Buffer
  /** Where 8 octets of the ciphertext begin that may be overwritten. */
  readonly variableAt: number
}

/** A message whose sender proves itself for each of its variants. */
export interface UnnamedTemplate extends MessageTemplate {
  /** Where the MLSMessage begins in the body, and its octets. */
  readonly messageAt: number
  readonly messageBytes: number
  /** The proof of an MLSMessage as a header value, always of one length. */
  readonly prove: (message: Uint8Array) => string
}

export interface Scene {
  /** SubmitMessageRequest of a user of `peer` for a room of `hub`. */
  readonly submitMessage: MessageTemplate
  /** The same of a pseudonym of the day, which the hub has admitted. */
  readonly unnamed: UnnamedTemplate
  /** The same message as FanoutMessage without a frank, as `hub`'s delivery service hands it out. */
  readonly fanout: MessageTemplate
  /** The same with a frank, as followers get it. */
  readonly franked: MessageTemplate
  /** FanoutMessage of a room of `peer`, where `hub` is the follower. */
  readonly notify: MessageTemplate
}

export const hub = 'a.example'
export const peer = 'b.example'
export const suite = 'moderated-pseudonyms'

/** Lets real clients make two real rooms through two gateways, and leaves the hub's stores in `directory`. */
export async function playScene(directory: string): Promise<Scene> {
  const pseudonym = newPseudonym(`mimi://${hub}/r/benchmark`)
  const scene = await playWith(directory, pseudonym)
  await admitPseudonym(join(directory, hub), pseudonym)
  return scene
}

async function playWith(directory: string, pseudonym: BenchPseudonym): Promise<Scene> {
  await using federation = await startFederation(directory, [{ domain: hub }, { domain: peer }])
  const alice = await federation.get(hub)?.client('alice')
  const bob = await federation.get(peer)?.client('bob')
  if (alice === undefined || bob === undefined) throw new Error('a provider is missing')
  for (const client of [alice, bob]) await client.publishKeyPackages({ pseudonymous: 4 })
  alice.connect(bob.connectionCard())
  bob.connect(alice.connectionCard())

  const ours = `mimi://${hub}/r/benchmark`
  await openRoom(alice, ours, bob)
  const theirs = `mimi://${peer}/r/benchmark`
  await openRoom(bob, theirs, alice)
  const sent = await bob.sendText(theirs, 'hello')
  if (sent.kind !== 'accepted' || sent.evidence === undefined) throw new Error('no frank')
  const { frank, acceptedTimestamp: timestamp } = sent.evidence
  const franked = (message: MlsMessageView) => fanoutBytes(message, { timestamp, frank })
  const unfranked = (message: MlsMessageView) =>
    fanoutBytes(message, { timestamp, frank: undefined })
  const submitted = (message: MlsMessageView) => submitMessageBytes(bob, ours, message)
  const message = sizedMessage(bob, ours, submitted)
  const unnamed = (view: MlsMessageView) => requestBytes(pseudonym.uri, view)
  const hidden = sizedMessage(bob, ours, unnamed)
  const template = templateOf(ours, hidden, unnamed)
  return {
    submitMessage: templateOf(ours, message, submitted),
    unnamed: {
      ...template,
      messageAt: template.body.indexOf(hidden.bytes),
      messageBytes: hidden.bytes.length,
      prove: pseudonym.proveIn(bob.group(ours).current),
    },
    fanout: templateOf(ours, message, unfranked),
    franked: templateOf(ours, message, franked),
    notify: templateOf(theirs, sizedMessage(bob, theirs, franked), franked),
  }
}

type Wrap = (message: MlsMessageView) => Buffer

async function openRoom(creator: MimiClient, room: string, other: MimiClient): Promise<void> {
  await creator.createRoom({ room, name: 'Benchmark', suite })
  const added = await creator.addUser(room, other.user)
  if (added.kind !== 'accepted') throw new Error(`addUser: ${added.kind}`)
  for (let attempt = 0; attempt < 20 && !other.rooms.includes(room); attempt++)
    await other.receive({ waitMs: 500 })
}

/** A message of just the length at which the body around it has 1,024 octets. */
function sizedMessage(client: MimiClient, room: string, wrap: Wrap): MlsMessageView {
  const first = wrap(protect(client, room, TEXT_BYTES))
  const message = protect(client, room, TEXT_BYTES + BODY_BYTES - first.length)
  if (wrap(message).length !== BODY_BYTES) throw new Error('the body has another length')
  return message
}

/** The ciphertext is the last field of a PrivateMessage. */
function templateOf(room: string, message: MlsMessageView, wrap: Wrap): MessageTemplate {
  const body = wrap(message)
  const messageEnd = body.indexOf(message.bytes) + message.bytes.length
  return { room, body, variableAt: messageEnd - VARIABLE_FROM_END }
}

function protect(client: MimiClient, roomUri: string, textBytes: number): MlsMessageView {
  const senderUri = client.participant(roomUri)
  const body = textBody('x'.repeat(textBytes))
  const { applicationData, authenticatedData } = composeMessage(
    { senderUri, roomUri },
    { body },
    randomBytes,
  )
  const group = client.group(roomUri)
  return privateView(group.protect(applicationData, { authenticatedData, paddingFor: () => 0 }))
}

function submitMessageBytes(client: MimiClient, room: string, appMessage: MlsMessageView): Buffer {
  return requestBytes(client.participant(room), appMessage)
}

function requestBytes(sendingUri: string, appMessage: MlsMessageView): Buffer {
  return encode(submitMessageRequestCodec, { protocol: 'mls10', appMessage, sendingUri })
}

function fanoutBytes(
  message: MlsMessageView,
  stamp: { readonly timestamp: bigint; readonly frank: Frank | undefined },
): Buffer {
  return encode(fanoutMessageCodec, { kind: 'application', message, ...stamp })
}

const BODY_BYTES = 1_024
const TEXT_BYTES = 400
const VARIABLE_FROM_END = 64
