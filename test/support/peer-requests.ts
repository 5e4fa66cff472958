import { randomBytes } from 'node:crypto'
import { generateSignatureKeyPair } from '../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../src/mls-crypto/suite.ts'
import { basicCredential } from '../../src/client/identity/account.ts'
import { groupInfoRequest } from '../../src/client/mimi/group-info.ts'
import { keyMaterialRequest } from '../../src/client/mimi/key-material.ts'
import { requiredOf } from '../../src/client/mimi/room-extensions.ts'
import type { MimiClient } from '../../src/client/mimi-client.ts'
import type { LeafIdentity } from '../../src/client/mls/key-package.ts'
import type { Operation } from '../../src/model/exchange.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { consentEntryCodec } from '../../src/wire/mimi/consent.ts'
import { fanoutMessageCodec } from '../../src/wire/mimi/fanout.ts'
import { identifierRequestCodec } from '../../src/wire/mimi/identifier-query.ts'
import { submitMessageRequestCodec } from '../../src/wire/mimi/submit-message.ts'

export const suite = mlsSuite(1)

/** The body of a request and what its path names. */
export interface Prepared {
  readonly operation: Operation
  readonly target: string
  readonly body: Buffer
}

/** Who a client is in a room. */
export function leafIdentity(client: MimiClient, room: string): LeafIdentity {
  const { own, tree } = client.group(room).current
  const leaf = tree.leaf(own.leafIndex)
  if (leaf === undefined) throw new Error('no leaf')
  return { signer: own.signer, credential: leaf.credential }
}

/** A member asks for a user's KeyPackages for its room. */
export function keyMaterialFor(client: MimiClient, room: string, targetUser: string): Prepared {
  const identity = leafIdentity(client, room)
  const question = {
    requestingUser: client.participant(room),
    targetUser,
    room,
    required: requiredOf(identity.credential.kind === 'pseudonymous'),
  }
  const body = keyMaterialRequest(suite, identity, question)
  return { operation: 'keyMaterial', target: targetUser, body }
}

/** A user asks for another's KeyPackages outside any room. */
export function keyMaterialByName(requestingUser: string, targetUser: string): Prepared {
  const identity = {
    signer: generateSignatureKeyPair(suite),
    credential: basicCredential(requestingUser),
  }
  const question = { requestingUser, targetUser, room: '', required: requiredOf(false) }
  const body = keyMaterialRequest(suite, identity, question)
  return { operation: 'keyMaterial', target: targetUser, body }
}

export function groupInfoFor(identity: LeafIdentity, room: string): Prepared {
  const { bytes } = groupInfoRequest(suite, identity, randomBytes)
  return { operation: 'groupInfo', target: room, body: bytes }
}

export function searchByHandle(domain: string, searchValue: string): Prepared {
  const body = encode(identifierRequestCodec, {
    queryElements: [{ searchType: 'handle', searchValue }],
    idRequestExtensions: { componentData: [] },
  })
  return { operation: 'identifierQuery', target: domain, body }
}

interface Edge {
  readonly requester: string
  readonly target: string
}

export function consentRequest({ requester, target }: Edge): Prepared {
  const body = encode(consentEntryCodec, {
    consentOperation: 'request',
    ...consentScope({ requester, target }),
  })
  return { operation: 'requestConsent', target: new URL(target).host, body }
}

export function consentGrant({ requester, target }: Edge): Prepared {
  const body = encode(consentEntryCodec, {
    consentOperation: 'grant',
    ...consentScope({ requester, target }),
    clientKeyPackages: [],
  })
  return { operation: 'updateConsent', target: new URL(requester).host, body }
}

function consentScope({ requester, target }: Edge) {
  const consentExtensions = { componentData: [] }
  return { requesterUri: requester, targetUri: target, roomId: undefined, consentExtensions }
}

/** The notification of a submitted message, as a hub would make it; without a frank. */
export function notificationOf(submission: Buffer, room: string, timestampMs: number): Prepared {
  const { appMessage } = decode(submitMessageRequestCodec, submission)
  const body = encode(fanoutMessageCodec, {
    kind: 'application',
    timestamp: BigInt(timestampMs),
    message: appMessage,
    frank: undefined,
  })
  return { operation: 'notify', target: room, body }
}
