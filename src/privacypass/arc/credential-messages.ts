import { struct, type Decoded } from '../../wire/codec.ts'
import { elementCodec } from './p256-group.ts'
import { scalarCodec } from './p256-scalar.ts'
import { repeated } from './repeated.ts'

function proof(scalars: number) {
  return struct({ challenge: scalarCodec, responses: repeated(scalarCodec, scalars) })
}

/** 226 octets. draft-ietf-privacypass-arc-crypto-01 §4.2.1 */
export const credentialRequestCodec = struct({
  m1Enc: elementCodec,
  m2Enc: elementCodec,
  requestProof: proof(4),
})
export type CredentialRequest = Decoded<typeof credentialRequestCodec>

/** 454 octets. draft-ietf-privacypass-arc-crypto-01 §4.2.2 */
export const credentialResponseCodec = struct({
  U: elementCodec,
  encUPrime: elementCodec,
  X0Aux: elementCodec,
  X1Aux: elementCodec,
  X2Aux: elementCodec,
  HAux: elementCodec,
  responseProof: proof(7),
})
export type CredentialResponse = Decoded<typeof credentialResponseCodec>
