import { struct, uint16, vector, type Decoded } from '../codec.ts'
import { typeCountMax } from './limits.ts'

const types = vector(uint16, { countMax: typeCountMax, bytesMax: 2 * typeCountMax })

/** What a client supports, by numbers. RFC 9420 §7.2 */
export const capabilitiesCodec = struct({
  versions: types,
  cipherSuites: types,
  extensions: types,
  proposals: types,
  credentials: types,
})
export type Capabilities = Decoded<typeof capabilitiesCodec>

/** What every member must support: extension 3. RFC 9420 §11.1 */
export const requiredCapabilitiesCodec = struct({
  extensionTypes: types,
  proposalTypes: types,
  credentialTypes: types,
})
export type RequiredCapabilities = Decoded<typeof requiredCapabilitiesCodec>
