import { opaque, struct, uint16, vector, type Decoded } from '../codec.ts'
import { hpkeCiphertextCodec } from './hpke-ciphertext.ts'
import {
  ciphertextBytesMax,
  handshakeBytesMax,
  hashBytesMax,
  welcomeSecretCountMax,
} from './limits.ts'

/** `EncryptedGroupSecrets` of RFC 9420 §12.4.3.1; `newMember` is a KeyPackageRef. */
const encryptedGroupSecretsCodec = struct({
  newMember: opaque(hashBytesMax),
  encryptedGroupSecrets: hpkeCiphertextCodec,
})

/** RFC 9420 §12.4.3.1 */
export const welcomeCodec = struct({
  cipherSuite: uint16,
  secrets: vector(encryptedGroupSecretsCodec, {
    countMax: welcomeSecretCountMax,
    bytesMax: handshakeBytesMax,
  }),
  encryptedGroupInfo: opaque(ciphertextBytesMax),
})
export type Welcome = Decoded<typeof welcomeCodec>
