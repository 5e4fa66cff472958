import type { RawRequest, RawResponse, Refusal } from '../../model/adapter.ts'
import type { ClientMaterial, KeyMaterialOutcome } from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'
import type { KeyMaterialExchange } from '../../model/exchange.ts'
import { parseMimiUri } from '../../model/ids.ts'
import {
  decode,
  encode,
  spanned,
  struct,
  vector,
  type Codec,
  type Decoded,
} from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import { bodyBytesMax, elementCountMax } from '../../wire/mimi/bounds.ts'
import {
  clientKeyMaterialCodec,
  keyMaterialRequestCodec,
  keyMaterialUserCodeCodec,
  type ClientKeyMaterial,
} from '../../wire/mimi/key-material.ts'
import { supportedMetadataSuitesCodec } from '../../wire/mimi/metadata-requirements.ts'
import { identifierUriCodec, protocolCodec } from '../../wire/mimi/protocol.ts'
import { appDataDictionaryCodec, componentData, componentIds } from '../../wire/mls/app-data.ts'
import { cipherSuite } from '../../wire/mls/cipher-suite.ts'
import { extensionData, extensionTypes } from '../../wire/mls/extension.ts'
import { keyPackageRef } from '../../wire/mls/key-package-ref.ts'
import type { LeafNode } from '../../wire/mls/leaf-node.ts'
import { decodeAnswer, decodeBody, exchangeBase } from './decode.ts'
import { checkIdentity } from './identity.ts'

/**
 * Throws `malformed-body`, `invalid-uri`, `path-body-mismatch`, and `actor-mismatch` where the
 * credential names another user. draft-ietf-mimi-protocol-06 §5.2
 */
export function parseKeyMaterial(request: RawRequest): KeyMaterialExchange {
  const body = decodeBody(keyMaterialRequestCodec, request)
  if (body.targetUser !== request.target) throw new GatewayError('path-body-mismatch')
  const requester = parseMimiUri(body.requestingUser, 'user')
  checkIdentity(body.requesterCredential, requester)
  return {
    ...exchangeBase(request),
    operation: 'keyMaterial',
    target: parseMimiUri(body.targetUser, 'user'),
    requester,
    room: body.roomId === '' ? undefined : parseMimiUri(body.roomId, 'room'),
    pseudonymous: body.requesterCredential.kind === 'pseudonymous',
  }
}

/** Throws `upstream-invalid`, also where the answer is about another user than the one asked for. */
export function parseKeyMaterialAnswer(
  exchange: KeyMaterialExchange,
  response: RawResponse,
): KeyMaterialOutcome {
  const { userStatus, userUri, clients } = decodeAnswer(responseCodec, response)
  if (userUri !== exchange.target) throw new GatewayError('upstream-invalid')
  if (clients.length > 0 && !mayHaveClients.has(userStatus))
    throw new GatewayError('upstream-invalid')
  return { kind: userStatus, user: userUri, clients }
}

/** The whole answer out of the clients' original bytes, so what did not change has its original bytes. */
export function encodeKeyMaterialAnswer({ kind, user, clients }: KeyMaterialOutcome): Buffer {
  return encode(responseCodec, { protocol: 'mls10', userStatus: kind, userUri: user, clients })
}

export function refuseKeyMaterial(
  exchange: KeyMaterialExchange,
  refusal: Refusal,
): KeyMaterialOutcome | undefined {
  switch (refusal.kind) {
    case 'not-allowed':
    case 'no-such-room':
      return { kind: 'noConsent', user: exchange.target, clients: [] }
    case 'wrong-epoch':
    case 'invalid-proposal':
      return undefined
  }
}

function clientMaterial(client: ClientKeyMaterial, bytes: Buffer): ClientMaterial {
  if (client.clientStatus !== 'success')
    return {
      bytes,
      status: client.clientStatus,
      keyPackage: undefined,
      metadataSuites: undefined,
    }
  const { value, bytes: keyPackage } = client.keyPackage
  const suite = cipherSuite(value.cipherSuite)
  return {
    bytes,
    status: 'success',
    keyPackage: suite === undefined ? undefined : keyPackageRef(suite, keyPackage),
    metadataSuites: metadataSuitesOf(value.leafNode),
  }
}

/** Undefined where the leaf does not say; none where what it says cannot be read. */
function metadataSuitesOf({ extensions }: LeafNode): readonly number[] | undefined {
  const data = extensionData(extensions, extensionTypes.appDataDictionary)
  if (data === undefined) return undefined
  try {
    const dictionary = decode(appDataDictionaryCodec, data)
    const said = componentData(dictionary, componentIds.metadataRequirements)
    return said && decode(supportedMetadataSuitesCodec, said).suites
  } catch (error) {
    if (error instanceof WireError) return []
    throw error
  }
}

const spannedClient = spanned(clientKeyMaterialCodec)

/** ClientKeyMaterial that keeps its bytes. */
const clientMaterialCodec: Codec<ClientMaterial> = {
  read: (reader) => {
    const { value, bytes } = spannedClient.read(reader)
    return clientMaterial(value, bytes)
  },
  write: (writer, { bytes }) => writer.fixed(bytes),
}

const responseCodec = struct({
  protocol: protocolCodec,
  userStatus: keyMaterialUserCodeCodec,
  userUri: identifierUriCodec,
  clients: vector(clientMaterialCodec, { countMax: elementCountMax, bytesMax: bodyBytesMax }),
})

/** The statuses that may come with clients. draft-ietf-mimi-protocol-06 §5.2 */
const mayHaveClients: ReadonlySet<Decoded<typeof keyMaterialUserCodeCodec>> = new Set([
  'success',
  'partialSuccess',
  'noCompatibleMaterial',
])
