import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { KeyKind, TokenKey } from '../../src/privacypass/token-scheme.ts'
import { blindRsaIssuerKey } from '../../src/privacypass/blind-rsa/token-key.ts'

const made: KeyObject[] = []

/** RSA keys of 2,048 bits, made once for all tests of a file; never one whose id ends as one of `live`. */
function rsaKeys(): (live?: readonly TokenKey[]) => Promise<KeyObject> {
  let next = 0
  return (live = []) => {
    const taken = new Set(live.map(({ keyId }) => keyId.at(-1)))
    for (;;) {
      const key = made[next] ?? generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
      made[next] = key
      next += 1
      const { keyId } = blindRsaIssuerKey(key, '').tokenKey
      if (!taken.has(keyId.at(-1))) return Promise.resolve(key)
    }
  }
}

/** Keys of type 0x0002 that are made so. */
export function rsaKeyKind(): { readonly blindRsa2048: KeyKind } {
  return { blindRsa2048: { generate: rsaKeys(), open: blindRsaIssuerKey } }
}
