import type { KeptKey, KeptKeys } from '../../src/issuer/issuer-keys.ts'
import { tokenClasses, type TokenClass } from '../../src/issuer/token-class.ts'

/** What the key ring does, in memory. */
export class KeysInMemory implements KeptKeys {
  readonly kept = new Map<TokenClass, KeptKey[]>(tokenClasses.map((name) => [name, []]))
  writes = 0

  all(tokenClass: TokenClass): readonly KeptKey[] {
    return this.kept.get(tokenClass) ?? []
  }

  add(tokenClass: TokenClass, made: Omit<KeptKey, 'id'>): Promise<void> {
    this.writes += 1
    const keys = this.kept.get(tokenClass) ?? []
    keys.push({ id: `${tokenClass}-${keys.length}`, ...made })
    return Promise.resolve()
  }

  expire(tokenClass: TokenClass, id: string, expiresAtMs: number): Promise<void> {
    this.writes += 1
    const keys = this.all(tokenClass)
    this.kept.set(
      tokenClass,
      keys.map((key) => (key.id === id ? { ...key, expiresAtMs } : key)),
    )
    return Promise.resolve()
  }
}
