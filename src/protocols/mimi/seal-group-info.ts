import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import { GatewayError } from '../../model/errors.ts'
import type { MimiUri } from '../../model/ids.ts'
import { CryptoError } from '../../mls-crypto/errors.ts'
import { encryptWithLabel, type HpkeCiphertext } from '../../mls-crypto/hpke.ts'
import { mlsSuite } from '../../mls-crypto/suite.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  groupInfoEncryptionLabel,
  groupInfoRatchetTreeTBECodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  groupInfoResponseTBSCodec,
  type GroupInfoRequest,
} from '../../wire/mimi/group-info.ts'
import type { ExternalSender } from '../../wire/mls/external-sender.ts'
import { signWithLabel } from '../../wire/mls/sign-with-label.ts'
import { onWireError } from './decode.ts'

export interface GroupInfoSeal {
  /** The original GroupInfoRequest. */
  readonly request: Buffer
  readonly room: MimiUri
  /** The struct GroupInfoRatchetTreeTBE. */
  readonly plaintext: Buffer
}

export interface HubSigner {
  /** Ed25519. */
  readonly privateKey: KeyObject
  readonly externalSender: ExternalSender
}

/** Our own key as the sender of external proposals and GroupInfoResponses of the rooms that we are the hub of. */
export function hubSigner(privateKey: KeyObject, domain: string): HubSigner {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return {
    privateKey,
    externalSender: {
      signatureKey: spki.subarray(-ED25519_KEY_BYTES),
      credential: { kind: 'basic', identity: Buffer.from(domain) },
    },
  }
}

/**
 * GroupInfo, tree and pending proposals encrypted to the requesting client and signed by the hub.
 * Throws `upstream-invalid`, `key-unavailable` for a ciphersuite other than 1 to 7, and `malformed-body`,
 * also for a request key that is none. draft-ietf-mimi-protocol-06 §5.6
 */
export function sealGroupInfo(
  { request, room, plaintext }: GroupInfoSeal,
  signer: HubSigner,
): Buffer {
  const asked = onWireError('malformed-body', () => decode(groupInfoRequestCodec, request))
  onWireError('upstream-invalid', () => decode(groupInfoRatchetTreeTBECodec, plaintext))
  const roomId = Buffer.from(room)
  const encrypted = encryptFor(asked, { context: roomId, plaintext })
  const sealed = {
    version: 'mls10',
    roomId,
    status: 'success',
    cipherSuite: asked.cipherSuite,
    hubSender: signer.externalSender,
    encryptedGroupinfoAndTree: encrypted,
  } as const
  const signature = signWithLabel(
    { cipherSuite: SIGNATURE_SUITE, privateKey: signer.privateKey },
    'GroupInfoResponseTBS',
    encode(groupInfoResponseTBSCodec, sealed),
  )
  return encode(groupInfoResponseCodec, { ...sealed, signature })
}

function encryptFor(
  { cipherSuite, groupInfoPublicKey: publicKey }: GroupInfoRequest,
  sealed: { readonly context: Buffer; readonly plaintext: Buffer },
): HpkeCiphertext {
  try {
    const suite = mlsSuite(cipherSuite)
    return encryptWithLabel(
      suite,
      { publicKey, label: groupInfoEncryptionLabel, ...sealed },
      randomBytes,
    )
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    if (error.code === 'unsupported-suite')
      throw new GatewayError('key-unavailable', { facts: { ciphersuite: cipherSuite } })
    throw new GatewayError('malformed-body', { facts: { reason: 'public-key' }, cause: error })
  }
}

/** Hubs sign with Ed25519. */
const SIGNATURE_SUITE = 1
const ED25519_KEY_BYTES = 32
