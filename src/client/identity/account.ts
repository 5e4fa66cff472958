import type { Randomness } from '../../model/clock.ts'
import { parseMimiUri, type MimiUri } from '../../model/ids.ts'
import type { Credential } from '../../wire/mls/credential.ts'
import { generateSignatureKeyPair, type SignatureKeyPair } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import type { LeafIdentity } from '../mls/key-package.ts'

/** One client (device) of one user, and what it has agreed with other users. */
export interface Account {
  readonly user: MimiUri
  readonly client: MimiUri
  readonly suite: MlsSuite
  /** The client's lasting key: it signs identity links, never messages. */
  readonly identityKey: SignatureKeyPair
  /** `connection_key`: shared by the user's clients and with connected users. Secret. */
  readonly connectionKey: Buffer
}

/** Throws `invalid-uri`. A second client of a user takes the first one's `connectionKey`. */
export function createAccount({
  user,
  client,
  suite,
  randomness,
  connectionKey = randomness(suite.hashBytes),
}: {
  user: string
  client: string
  suite: MlsSuite
  randomness: Randomness
  connectionKey?: Buffer
}): Account {
  return {
    user: parseMimiUri(user, 'user'),
    client: parseMimiUri(client, 'client'),
    suite,
    identityKey: generateSignatureKeyPair(suite),
    connectionKey,
  }
}

/** A credential that names the user; every leaf has a signature key of its own. */
export function basicIdentity({ suite, user }: Account): LeafIdentity {
  return { signer: generateSignatureKeyPair(suite), credential: basicCredential(user) }
}

export function basicCredential(user: string): Credential {
  return { kind: 'basic', identity: Buffer.from(user) }
}
