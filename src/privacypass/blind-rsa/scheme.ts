import { createTokenScheme } from '../token-scheme.ts'

/** Type 0x0002: blind RSA 2048, which anybody can check who has the issuer's public key. RFC 9578 §6 */
export const blindRsaScheme = createTokenScheme('blindRsa2048')
