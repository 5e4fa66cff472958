/**
 * A bounded memory by key: half of it is what came last, half is what was before that. To take single
 * old entries out of a long `Map` means to walk past all that were taken out before.
 */
export class Recent<Value> {
  private readonly halfMax: number
  private newer = new Map<string, Value>()
  private older = new Map<string, Value>()

  constructor(countMax: number) {
    this.halfMax = Math.ceil(countMax / 2)
  }

  get(key: string): Value | undefined {
    return this.newer.get(key) ?? this.older.get(key)
  }

  set(key: string, value: Value): void {
    this.newer.set(key, value)
    if (this.newer.size < this.halfMax) return
    this.older = this.newer
    this.newer = new Map()
  }
}
