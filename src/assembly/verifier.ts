import { createPublicKey } from 'node:crypto'
import type { KeyRing } from '../keys/key-files.ts'
import type { OpeningKeySet } from '../reports/open-report.ts'
import { rawKey } from '../reports/sealing.ts'
import { createVerifierPool, type VerifierPool } from '../reports/verifier-pool.ts'

/** The process that opens what is sealed to our report keys. */
export function openVerifier(keys: KeyRing): VerifierPool {
  return createVerifierPool({ keys: () => openingKeys(keys) })
}

/** All private halves: somebody may have sealed to a key that has expired since. */
function openingKeys(keys: KeyRing): OpeningKeySet {
  const active = keys.active('report-sealing')
  return {
    open: keys.all('report-sealing').map(({ id, key }) => ({ id, bytes: rawKey(key) })),
    seal: { id: active.id, bytes: rawKey(createPublicKey(active.key)) },
  }
}
