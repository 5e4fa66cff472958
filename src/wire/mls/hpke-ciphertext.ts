import { opaque, struct, type Decoded } from '../codec.ts'
import { hpkeCiphertextBytesMax, hpkeOutputBytesMax } from './limits.ts'

/** RFC 9420 §7.6 */
export const hpkeCiphertextCodec = struct({
  kemOutput: opaque(hpkeOutputBytesMax),
  ciphertext: opaque(hpkeCiphertextBytesMax),
})
export type HpkeCiphertext = Decoded<typeof hpkeCiphertextCodec>
