import type { Exchange } from '../../model/exchange.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  groupInfoRequestCodec,
  groupInfoRequestTBS,
  groupInfoRequestTBSCodec,
} from '../../wire/mimi/group-info.ts'
import {
  keyMaterialRequestCodec,
  keyMaterialRequestTBSCodec,
} from '../../wire/mimi/key-material.ts'
import { cipherSuite } from '../../wire/mls/cipher-suite.ts'
import { verifyWithLabel } from '../../wire/mls/sign-with-label.ts'
import { onWireError } from './decode.ts'

/**
 * Whether the client that asks holds the key that its request names; true for requests that no client
 * signs. Throws `malformed-body`. draft-ietf-mimi-protocol-06 §5.2, §5.6
 */
export function isSignedByRequester(exchange: Exchange): boolean {
  switch (exchange.operation) {
    case 'keyMaterial':
      return isKeyMaterialRequestSigned(exchange.bytes)
    case 'groupInfo':
      return isGroupInfoRequestSigned(exchange.bytes)
    case 'update':
    case 'submitMessage':
    case 'notify':
    case 'requestConsent':
    case 'updateConsent':
    case 'identifierQuery':
    case 'reportAbuse':
    case 'proxyDownload':
      return true
  }
}

/** The request names no suite for its own signature: one that the requester accepts must fit. */
function isKeyMaterialRequestSigned(bytes: Buffer): boolean {
  const request = onWireError('malformed-body', () => decode(keyMaterialRequestCodec, bytes))
  const claim = {
    publicKey: request.requesterSignatureKey,
    label: 'KeyMaterialRequestTBS',
    content: encode(keyMaterialRequestTBSCodec, request),
    signature: request.keyMaterialRequestSignature,
  }
  const schemes = new Map(
    request.acceptableCiphersuites.map((code) => [cipherSuite(code)?.signature, code]),
  )
  schemes.delete(undefined)
  return [...schemes.values()].some((code) => verifyWithLabel({ ...claim, cipherSuite: code }))
}

function isGroupInfoRequestSigned(bytes: Buffer): boolean {
  const request = onWireError('malformed-body', () => decode(groupInfoRequestCodec, bytes))
  return verifyWithLabel({
    cipherSuite: request.cipherSuite,
    publicKey: request.requestingSignatureKey,
    label: 'GroupInfoRequestTBS',
    content: encode(groupInfoRequestTBSCodec, groupInfoRequestTBS(request)),
    signature: request.signature,
  })
}
