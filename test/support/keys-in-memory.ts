import type { KeptKey, KeptKeys } from '../../src/issuer/issuer-keys.ts'
import type { KeyLine } from '../../src/issuer/key-line.ts'

/** What the key ring does, in memory. */
export class KeysInMemory implements KeptKeys {
  readonly kept = new Map<KeyLine, KeptKey[]>()
  writes = 0

  all(line: KeyLine): readonly KeptKey[] {
    return this.kept.get(line) ?? []
  }

  add(line: KeyLine, made: Omit<KeptKey, 'id'>): Promise<void> {
    this.writes += 1
    const keys = this.kept.get(line) ?? []
    this.kept.set(line, [...keys, { id: `${line}-${keys.length}`, ...made }])
    return Promise.resolve()
  }

  expire(line: KeyLine, id: string, expiresAtMs: number): Promise<void> {
    this.writes += 1
    const keys = this.all(line)
    this.kept.set(
      line,
      keys.map((key) => (key.id === id ? { ...key, expiresAtMs } : key)),
    )
    return Promise.resolve()
  }
}
