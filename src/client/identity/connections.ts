import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError } from '../errors.ts'
import type { Account } from './account.ts'
import {
  identityLinkKey,
  openIdentityLink,
  type RealIdentity,
  type PseudonymousCredential,
} from './pseudonym.ts'

/**
 * What two users give each other, over a channel that they trust, before one can add the other to a
 * pseudonymous room. Secret: who holds it can resolve the user's pseudonyms.
 * draft-kohbrok-mimi-metadata-minimalization, "Connections"
 */
export interface ConnectionCard {
  readonly user: string
  readonly connectionKey: Buffer
  /** The lasting keys of the user's clients, as far as known. */
  readonly identityKeys: readonly Buffer[]
}

export function connectionCard({ user, connectionKey, identityKey }: Account): ConnectionCard {
  return { user, connectionKey, identityKeys: [identityKey.publicKey] }
}

/** The connections of one user. */
export class Connections {
  private readonly suite: MlsSuite
  private readonly cards = new Map<string, ConnectionCard>()

  constructor(suite: MlsSuite) {
    this.suite = suite
  }

  /** A second card of a user adds the keys of its other clients. */
  add(card: ConnectionCard): void {
    const known = this.cards.get(card.user)
    const identityKeys = [...(known?.identityKeys ?? []), ...card.identityKeys]
    this.cards.set(card.user, { ...card, identityKeys })
  }

  has(user: string): boolean {
    return this.cards.has(user)
  }

  /** Whether a connected user has told us that this key is one of its clients'. */
  confirms({ user, identityKey }: RealIdentity): boolean {
    const keys = this.cards.get(user)?.identityKeys ?? []
    return keys.some((key) => key.equals(identityKey))
  }

  /**
   * The link key of a credential that must be `user`'s. Throws `no-connection`, `invalid-pseudonym`,
   * `decryption-failed`.
   */
  linkKey(user: string, credential: PseudonymousCredential): Buffer {
    const card = this.cards.get(user)
    if (card === undefined) throw new ClientError('no-connection')
    const linkKey = identityLinkKey(this.suite, card.connectionKey, credential)
    const identity = openIdentityLink(this.suite, credential, linkKey)
    if (identity.user !== user) throw new ClientError('invalid-pseudonym')
    return linkKey
  }
}
