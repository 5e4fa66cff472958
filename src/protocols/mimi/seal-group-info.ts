import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  Aes128Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemX25519HkdfSha256,
  HkdfSha256,
} from '@hpke/core'
import { GatewayError } from '../../model/errors.ts'
import type { MimiUri } from '../../model/ids.ts'
import { decode, encode } from '../../wire/codec.ts'
import {
  groupInfoEncryptionLabel,
  groupInfoRatchetTreeTBECodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  groupInfoResponseTBSCodec,
} from '../../wire/mimi/group-info.ts'
import type { ExternalSender } from '../../wire/mls/external-sender.ts'
import { signContent, signWithLabel } from '../../wire/mls/sign-with-label.ts'
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
 * Throws `malformed-body`, `upstream-invalid`, `key-unavailable` for a ciphersuite other than 1 and 2,
 * and for a request key that is none. draft-ietf-mimi-protocol-06 §5.6
 */
export async function sealGroupInfo(
  { request, room, plaintext }: GroupInfoSeal,
  signer: HubSigner,
): Promise<Buffer> {
  const asked = onWireError('malformed-body', () => decode(groupInfoRequestCodec, request))
  onWireError('upstream-invalid', () => decode(groupInfoRatchetTreeTBECodec, plaintext))
  const roomId = Buffer.from(room)
  const encrypted = await encryptWithLabel(asked, roomId, plaintext)
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

/** `EncryptWithLabel` of RFC 9420 §5.1.3. */
async function encryptWithLabel(
  { cipherSuite, groupInfoPublicKey }: { cipherSuite: number; groupInfoPublicKey: Buffer },
  context: Buffer,
  plaintext: Buffer,
): Promise<{ kemOutput: Buffer; ciphertext: Buffer }> {
  const suite = hpkeSuites[cipherSuite]?.()
  if (suite === undefined)
    throw new GatewayError('key-unavailable', { facts: { ciphersuite: cipherSuite } })
  const info = Uint8Array.from(signContent(groupInfoEncryptionLabel, context))
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(
      Uint8Array.from(groupInfoPublicKey).buffer,
    )
    const sealed = await suite.seal(
      { recipientPublicKey, info: info.buffer },
      Uint8Array.from(plaintext).buffer,
    )
    return { kemOutput: Buffer.from(sealed.enc), ciphertext: Buffer.from(sealed.ct) }
  } catch (cause) {
    throw new GatewayError('malformed-body', { facts: { reason: 'public-key' }, cause })
  }
}

const kdf = () => ({ kdf: new HkdfSha256(), aead: new Aes128Gcm() })

/** By MLS ciphersuite, those with a KEM and an AEAD that are at hand. */
const hpkeSuites: Readonly<Record<number, () => CipherSuite>> = {
  1: () => new CipherSuite({ kem: new DhkemX25519HkdfSha256(), ...kdf() }),
  2: () => new CipherSuite({ kem: new DhkemP256HkdfSha256(), ...kdf() }),
}

/** Hubs sign with Ed25519. */
const SIGNATURE_SUITE = 1
const ED25519_KEY_BYTES = 32
