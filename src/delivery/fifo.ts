/** A queue with constant-time ends; what was taken is freed in chunks. */
export class Fifo<T> {
  private items: (T | undefined)[] = []
  private head = 0

  get size(): number {
    return this.items.length - this.head
  }

  get first(): T | undefined {
    return this.items[this.head]
  }

  push(item: T): void {
    this.items.push(item)
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined
    const item = this.items[this.head]
    this.items[this.head] = undefined
    this.head += 1
    if (this.head === this.items.length || this.head === CHUNK) this.compact()
    return item
  }

  private compact(): void {
    this.items = this.items.slice(this.head)
    this.head = 0
  }
}

const CHUNK = 1_024
