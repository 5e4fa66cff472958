import { createHash } from 'node:crypto'
import { openGatewayStore } from '../src/assembly/stores.ts'
import { epochPseudonymUri } from '../src/model/epoch-pseudonym.ts'
import { parseMimiUri, parseProviderDomain, uriDomain, type MimiUri } from '../src/model/ids.ts'
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
  readonly prove: (message: Uint8Array) => string
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
    prove: (message) => {
      const messageHash = createHash('sha256').update(message).digest()
      const proven = { hub: uriDomain(room), room, messageHash }
      const position = { epochStart, sequence: 0 }
      return writeSenderProof(signSenderProof({ privateKey, pseudonymId }, proven, position))
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
