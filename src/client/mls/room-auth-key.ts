import { extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import { privateKeyObject, publicKeyBytes } from '../../mls-crypto/asymmetric-keys.ts'
import type { SignatureKeyPair } from '../../mls-crypto/signatures.ts'
import type { Epoch } from './epoch.ts'
import { exportSecret } from './key-schedule.ts'

type Exporting = Pick<Epoch, 'suite' | 'secrets'>

/** The key pair that all members have in this epoch, and nobody else: Ed25519. docs/pseudonymous-senders.md */
export function roomAuthKeyPair({ suite, secrets }: Exporting): SignatureKeyPair {
  const seed = exportSecret(suite, secrets, {
    label: LABEL,
    context: NO_CONTEXT,
    bytes: SEED_BYTES,
  })
  const privateKey = privateKeyObject('ed25519', seed)
  return { privateKey, publicKey: publicKeyBytes('ed25519', privateKey) }
}

/** Its public half for the hub, in the GroupInfo of the epoch that a commit begins. */
export function roomAuthKeyExtension(epoch: Exporting): Extension {
  return { type: extensionTypes.roomAuthKey, data: roomAuthKeyPair(epoch).publicKey }
}

const LABEL = 'postern-room-auth-v1'
const NO_CONTEXT = Buffer.alloc(0)
const SEED_BYTES = 32
