import { hkdfSync, type KeyObject } from 'node:crypto'
import { randomScalars } from './p256-scalar.ts'
import { generateServerKey, type ServerKey } from './server-keys.ts'

/** The key of a name: the same for the same master of 32 octets, and of no use for any other name. */
export function derivedServerKey(master: KeyObject, name: string): ServerKey {
  let drawn = 0
  const stream = (bytes: number): Buffer => {
    drawn += 1
    return Buffer.from(hkdfSync('sha256', master, '', `postern arc key ${drawn} ${name}`, bytes))
  }
  return generateServerKey(randomScalars(stream))
}
