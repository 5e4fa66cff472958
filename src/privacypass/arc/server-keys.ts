import { createHash } from 'node:crypto'
import { encode, struct, type Decoded } from '../../wire/codec.ts'
import { generatorH } from './hash-to-p256.ts'
import { combined, elementCodec, generatorG } from './p256-group.ts'
import { scalarCodec, type RandomScalar } from './p256-scalar.ts'

/** 128 octets, to be stored; ours, as the draft has no encoding of it. */
export const serverPrivateKeyCodec = struct({
  x0: scalarCodec,
  x1: scalarCodec,
  x2: scalarCodec,
  x0Blinding: scalarCodec,
})
export type ServerPrivateKey = Decoded<typeof serverPrivateKeyCodec>

/** 99 octets. draft-ietf-privacypass-arc-crypto-01 §4.1 */
export const serverPublicKeyCodec = struct({
  X0: elementCodec,
  X1: elementCodec,
  X2: elementCodec,
})
export type ServerPublicKey = Decoded<typeof serverPublicKeyCodec>

/** Both halves of an issuer's key, and its name. */
export interface ServerKey {
  readonly privateKey: ServerPrivateKey
  readonly publicKey: ServerPublicKey
  readonly keyId: Buffer
}

/** draft-ietf-privacypass-arc-crypto-01 §4.1, SetupServer */
export function generateServerKey(randomScalar: RandomScalar): ServerKey {
  const x0 = randomScalar()
  const x1 = randomScalar()
  const x2 = randomScalar()
  const x0Blinding = randomScalar()
  return serverKeyOf({ x0, x1, x2, x0Blinding })
}

/** The key to a private key that was stored. */
export function serverKeyOf(privateKey: ServerPrivateKey): ServerKey {
  const { x0, x1, x2, x0Blinding } = privateKey
  const publicKey = {
    X0: combined([x0, generatorG], [x0Blinding, generatorH]),
    X1: combined([x1, generatorH]),
    X2: combined([x2, generatorH]),
  }
  return { privateKey, publicKey, keyId: keyIdOf(publicKey) }
}

/** `issuer_key_id`: SHA-256 of the public key, 32 octets. draft-ietf-privacypass-arc-protocol-00 §5 */
export function keyIdOf(publicKey: ServerPublicKey): Buffer {
  return createHash('sha256').update(encode(serverPublicKeyCodec, publicKey)).digest()
}
