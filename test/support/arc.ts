import { randomBytes } from 'node:crypto'
import type { ArcChallenge } from '../../src/privacypass/arc/arc-messages.ts'
import { requestArcCredential, type ArcCredential } from '../../src/privacypass/arc/arc-client.ts'
import { createArcScheme, type ArcScheme } from '../../src/privacypass/arc/arc-scheme.ts'
import { randomScalars } from '../../src/privacypass/arc/p256-scalar.ts'
import { generateServerKey } from '../../src/privacypass/arc/server-keys.ts'

export const arcRandomScalar = randomScalars(randomBytes)

/** A scheme with a key of its own. */
export function arcScheme(limit: number): ArcScheme {
  return createArcScheme({
    key: generateServerKey(arcRandomScalar),
    limit,
    randomness: randomBytes,
  })
}

export function arcChallenge(change: Partial<ArcChallenge> = {}): ArcChallenge {
  return {
    tokenType: 'arc',
    issuerName: 'hub.example',
    redemptionContext: Buffer.alloc(32, 7),
    originInfo: 'hub.example',
    credentialContext: Buffer.alloc(0),
    ...change,
  }
}

/** A credential that the scheme has issued. */
export function arcCredential(scheme: ArcScheme, challenge = arcChallenge()): ArcCredential {
  const { publicKey } = scheme
  const asking = requestArcCredential({ publicKey, challenge, randomness: randomBytes })
  const issued = scheme.issue(asking.request)
  if (issued.kind === 'refused') throw new Error(issued.reason)
  const credential = asking.finish(issued.response)
  if (credential === undefined) throw new Error('the response is refused')
  return credential
}

/** The next token of a credential that has one. */
export function arcToken(
  credential: ArcCredential,
  challenge: ArcChallenge,
  limit: number,
): Buffer {
  const presented = credential.present(challenge, limit)
  if (presented.kind !== 'presented') throw new Error(presented.kind)
  return presented.token
}
