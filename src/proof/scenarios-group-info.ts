import { encode, opaque, decode } from '../wire/codec.ts'
import {
  groupInfoEncryptionLabel,
  groupInfoRatchetTreeTBECodec,
  groupInfoResponseCodec,
} from '../wire/mimi/group-info.ts'
import { externalSenderCodec } from '../wire/mls/external-sender.ts'
import { groupInfoCodec } from '../wire/mls/group-info.ts'
import { decryptWithLabel } from '../mls-crypto/hpke.ts'
import type { HpkeKeyPair } from '../mls-crypto/kem.ts'
import { groupInfoRequest } from '../client/mimi/group-info.ts'
import type { Scripted } from './capture-server.ts'
import { suite, type Cast } from './cast.ts'
import { markIdentity } from './marked.ts'
import { marksOf, type Scenario } from './scenario.ts'
import { askedScenario } from './steps.ts'

/** groupInfo, in and out. */
export function groupInfoScenarios(cast: Cast): readonly Scenario[] {
  const credentials = cast.pseudonymous ? [true, false] : [false]
  return [...credentials.map((pseudonymous) => asked(cast, pseudonymous)), asks(cast)]
}

/** A client of the peer asks, and is granted. */
function asked(cast: Cast, pseudonymous: boolean): Scenario {
  const { names, open, randomness } = cast
  const request = marksOf(cast, 'request')
  const response = marksOf(cast, 'response')
  const asking = cast.actor(names.peer, 'asking', { pseudonymous })
  markIdentity(request, asking, 'sender.user')
  request.put('room', 'room.id', open.room)
  const form = cast.pseudonymous ? 'pseudonym-room' : 'exact'
  for (const { user } of [cast.alice, cast.bea, cast.cathy])
    response.put('participant', 'participants.list', { value: user, form })
  for (const { identity } of [cast.alice, cast.bea, cast.cathy])
    response.put('client', 'client.list', identity.signer.publicKey)
  const { bytes: body, keys } = groupInfoRequest(suite, asking.identity, randomness)
  const scenario = askedScenario({
    name: `groupInfo in${pseudonymous ? '' : ', by name'}`,
    view: {
      operation: 'groupInfo',
      direction: 'ingress',
      other: names.peer,
      room: open.room,
      reads: 'hub',
      asks: 'follower',
    },
    place: { operation: 'groupInfo', target: open.room, body },
    answer: () => groupInfoGranted(cast),
    request,
    response,
  })
  return { ...scenario, open: (answer) => openedGroupInfo(answer, keys) }
}

/** Its plaintext beside who sealed it; the seal and the signature over it are random. */
function openedGroupInfo(answer: Buffer, { privateKey }: HpkeKeyPair): Buffer {
  const response = decode(groupInfoResponseCodec, answer)
  if (response.status !== 'success') return answer
  const { roomId, hubSender, encryptedGroupinfoAndTree } = response
  const sealed = { ...encryptedGroupinfoAndTree, label: groupInfoEncryptionLabel, context: roomId }
  const plaintext = decryptWithLabel(suite, privateKey, sealed)
  return Buffer.concat([roomId, encode(externalSenderCodec, hubSender), plaintext])
}

/** A client of ours asks another hub, which says that there is no such room. */
function asks(cast: Cast): Scenario {
  const { names, randomness } = cast
  const request = marksOf(cast, 'request')
  const room = `mimi://${names.peer}/r/${request.word('room', 'room.id')}`
  const asking = cast.actor(names.self, 'asking')
  markIdentity(request, asking, 'sender.user')
  const { bytes: body } = groupInfoRequest(suite, asking.identity, randomness)
  const refusal = { version: 'mls10', roomId: Buffer.from(room), status: 'noSuchRoom' } as const
  return askedScenario({
    name: 'groupInfo out',
    view: {
      operation: 'groupInfo',
      direction: 'egress',
      other: names.peer,
      room,
      reads: 'hub',
      asks: 'follower',
    },
    place: { operation: 'groupInfo', target: room, body },
    answer: () => ({ status: 200, body: encode(groupInfoResponseCodec, refusal) }),
    request,
    response: marksOf(cast, 'response'),
  })
}

/** What a delivery service gives out of the open room: the gateway seals it. */
function groupInfoGranted({ groups }: Cast): Scripted {
  const value = groups.alice.groupInfo()
  const ratchetTree = decode(prefixed, groups.alice.ratchetTree())
  const plaintext = encode(groupInfoRatchetTreeTBECodec, {
    groupInfo: { value, bytes: encode(groupInfoCodec, value) },
    ratchetTreeOption: { representation: 'full', ratchetTree },
    pendingProposals: [],
  })
  return { status: 200, body: plaintext, headers: { 'postern-ciphersuite': '1' } }
}

const prefixed = opaque(0x3fff_ffff)
