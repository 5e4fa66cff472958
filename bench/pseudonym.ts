import { createHash } from 'node:crypto'
import { openGatewayStore } from '../src/assembly/stores.ts'
import type { Epoch } from '../src/client/mls/epoch.ts'
import { roomAuthKeyPair } from '../src/client/mls/room-auth-key.ts'
import { epochPseudonymUri } from '../src/model/epoch-pseudonym.ts'
import { parseMimiUri, parseProviderDomain, uriDomain, type MimiUri } from '../src/model/ids.ts'
import { signMembership } from '../src/privacypass/membership-proof.ts'
import { epochStartSeconds } from '../src/privacypass/pseudonym-epoch.ts'
import {
  generatePseudonymKey,
  pseudonymIdOf,
  pseudonymNonce,
} from '../src/privacypass/pseudonym-key.ts'
import { signSenderProof, writeSenderProof } from '../src/privacypass/sender-proof.ts'
import { createCertificateStore, type Certificate } from '../src/senders/certificate-store.ts'

/** A pseudonym of today, and what signs for it. */
export interface BenchPseudonym {
  readonly uri: MimiUri
  readonly certificate: Certificate
  /** As a member in this MLS epoch of the room. */
  readonly proveIn: (epoch: Epoch) => (message: Uint8Array) => string
}

/** Of a user of b.example. */
export function newPseudonym(roomUri: string): BenchPseudonym {
  const room = parseMimiUri(roomUri, 'room')
  const provider = parseProviderDomain('b.example')
  const { privateKey, publicKey } = generatePseudonymKey()
  const pseudonymId = pseudonymIdOf(pseudonymNonce(publicKey))
  const epochStart = epochStartSeconds(Date.now())
  return {
    uri: epochPseudonymUri(provider, pseudonymId),
    certificate: { epochStart, room, pseudonym: pseudonymId, provider, publicKey },
    proveIn: (epoch) => {
      const place = { hub: uriDomain(room), room }
      const scope = { ...place, mlsEpoch: epoch.groupContext.epoch }
      const membership = signMembership(roomAuthKeyPair(epoch).privateKey, scope, pseudonymId)
      const signer = { privateKey, pseudonymId, membership }
      return (message) => {
        const messageHash = createHash('sha256').update(message).digest()
        const proof = signSenderProof(
          signer,
          { ...place, messageHash },
          { epochStart, sequence: 0 },
        )
        return writeSenderProof(proof)
      }
    },
  }
}

/** Leaves it in the hub's store as one whose token was spent. */
export async function admitPseudonym(
  dataDirectory: string,
  { certificate }: BenchPseudonym,
): Promise<void> {
  await using store = await openGatewayStore(dataDirectory)
  await createCertificateStore(store).admit(certificate)
}
