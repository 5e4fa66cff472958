import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode, encode } from '../../../src/wire/codec.ts'
import { fanoutMessageCodec, type FanoutMessage } from '../../../src/wire/mimi/fanout.ts'
import {
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from '../../../src/wire/mimi/submit-message.ts'
import { updateRequestCodec } from '../../../src/wire/mimi/update.ts'
import { eventually, message, useClubhouse } from '../../support/clubhouse.ts'
import { freePorts } from '../../support/federation.ts'
import { TlsTap, type Crossed } from '../../support/tls-tap.ts'

// Taps between b.example and the hub a.example, and between the hub and c.example.
const [fromB = 0, toC = 0] = await freePorts(2)
const bToA = new TlsTap(fromB)
const aToC = new TlsTap(toC)
const clubhouse = useClubhouse({
  providers: {
    'a.example': {
      peerOf: (domain) => (domain === 'c.example' ? { address: `127.0.0.1:${toC}` } : {}),
    },
    'b.example': {
      peerOf: (domain) => (domain === 'a.example' ? { address: `127.0.0.1:${fromB}` } : {}),
    },
  },
})
let room: string

beforeAll(async () => {
  const { federation, room: open } = clubhouse()
  const provider = (domain: string) => federation.provider(domain)
  const route = (from: string, to: string) => ({
    client: provider(from).identity,
    server: provider(to).identity,
    servername: to,
    port: Number(new URL(provider(to).gateway.urls.peers).port),
  })
  await bToA.route(route('b.example', 'a.example'))
  await aToC.route(route('a.example', 'c.example'))
  room = await open()
}, 30_000)
afterAll(async () => {
  await bToA[Symbol.asyncDispose]()
  await aToC[Symbol.asyncDispose]()
})

/** Bob says something; what crossed on both sides of the hub. */
async function relayed(text: string) {
  const { bob, cathy } = clubhouse()
  const notified = messages().length
  const sent = await bob.sendText(room, text)
  if (sent.kind !== 'accepted') throw new Error(sent.kind)
  await message(cathy, text)
  const submission = bToA.of('submitMessage').at(-1)
  const [notification] = messages().slice(notified)
  const answer = bToA.responses.at(-1)
  if (submission === undefined || notification === undefined || answer === undefined)
    throw new Error('nothing crossed')
  return { submission, notification, answer }
}

/** The notifications of application messages. */
function messages(): readonly Crossed[] {
  return aToC.of('notify').filter(({ body }) => fanoutOf(body).kind === 'application')
}

function fanoutOf(body: Buffer): FanoutMessage {
  return decode(fanoutMessageCodec, body)
}

test('a message that the hub relays differs in nothing but time and frank, which the hub adds', async () => {
  const { submission, notification, answer } = await relayed('from Bob to Cathy')
  const { appMessage } = decode(submitMessageRequestCodec, submission.body)
  const fanout = fanoutOf(notification.body)
  expect(fanout.message.bytes).toEqual(appMessage.bytes)
  const accepted = decode(submitMessageResponseCodec, answer.body)
  if (accepted.statusCode !== 'accepted') throw new Error(accepted.statusCode)
  const { acceptedTimestamp: timestamp, frank } = accepted
  const expected = encode(fanoutMessageCodec, {
    kind: 'application',
    timestamp,
    message: appMessage,
    frank,
  })
  expect(frank).toBeDefined()
  expect(notification.body).toEqual(expected)
})

test('who sent it stays at the hub', async () => {
  const { submission, notification } = await relayed('nobody knows')
  const { sendingUri } = decode(submitMessageRequestCodec, submission.body)
  expect(submission.body.includes(sendingUri)).toBe(true)
  const crossed = [notification.start, ...notification.headers.values(), notification.body]
  for (const part of crossed) expect(part.includes(sendingUri)).toBe(false)
})

test('no header crosses but those of the contract between gateways', async () => {
  const { submission, notification } = await relayed('with few headers')
  expect(submission.headers).toEqual(headersOf(submission, 'b.example', 'a.example'))
  expect(notification.headers).toEqual(headersOf(notification, 'a.example', 'c.example'))
})

function headersOf({ body }: Crossed, from: string, host: string): ReadonlyMap<string, string> {
  return new Map([
    ['host', host],
    ['from', `mimi@${from}`],
    ['content-type', 'application/octet-stream'],
    ['content-length', String(body.length)],
    ['mimi-metadata-suite', 'moderated-pseudonyms'],
    ['connection', 'keep-alive'],
  ])
}

test('a commit is relayed octet for octet', async () => {
  const { bob, cathy } = clubhouse()
  expect((await bob.commitPending(room)).kind).toBe('accepted')
  const { epoch } = bob.group(room).context
  await eventually(cathy, (event) => event.kind === 'room-changed' && event.epoch === epoch)
  const update = bToA.of('update').at(-1)
  const commits = aToC.of('notify').filter(({ body }) => fanoutOf(body).kind === 'commit')
  const notification = commits.at(-1)
  if (update === undefined || notification === undefined) throw new Error('nothing crossed')
  const { proposalOrCommit } = decode(updateRequestCodec, update.body)
  const fanout = fanoutOf(notification.body)
  expect(fanout).toMatchObject({ kind: 'commit', externalProposals: [] })
  expect(fanout.message.bytes).toEqual(proposalOrCommit.bytes)
})

test('key material comes through the hub as the target’s provider gave it', async () => {
  const { bob, federation } = clubhouse()
  const dave = await federation.provider('c.example').client('dave')
  await dave.publishKeyPackages({ pseudonymous: 1 })
  bob.connect(dave.connectionCard())
  expect((await bob.addUser(room, dave.user)).kind).toBe('accepted')
  const asked = bToA.of('keyMaterial').at(-1)
  expect(aToC.of('keyMaterial').at(-1)?.body).toEqual(asked?.body)
  const given = aToC.responses.findLast(isAboutDave)
  expect(given).toBeDefined()
  expect(bToA.responses.findLast(isAboutDave)?.body).toEqual(given?.body)
})

function isAboutDave({ body }: Crossed): boolean {
  return body.includes('mimi://c.example/u/dave')
}
