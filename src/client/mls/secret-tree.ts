import { deriveTreeSecret, expandWithLabel } from '../../mls-crypto/key-derivation.ts'
import { AEAD_NONCE_BYTES, type MlsSuite } from '../../mls-crypto/suite.ts'
import type { AeadKey } from '../../mls-crypto/aead.ts'
import { ClientError, demand } from '../errors.ts'
import { left, level, right, rootOf } from './tree-math.ts'

export type RatchetName = 'handshake' | 'application'

/** How far ahead of the last message a message may be, and how many skipped keys a ratchet keeps. */
export const SKIPPED_KEYS_MAX = 1_000

interface Ratchet {
  secret: Buffer
  generation: number
  /** Keys of messages that have been skipped, by generation, oldest first. */
  readonly skipped: Map<number, AeadKey>
}

/**
 * The keys of one epoch's private messages, RFC 9420 §9. Every key is handed out once, then it is gone.
 */
export class SecretTree {
  private readonly suite: MlsSuite
  private readonly width: number
  private readonly nodes: Map<number, Buffer>
  private readonly ratchets = new Map<string, Ratchet>()

  constructor(
    suite: MlsSuite,
    { encryptionSecret, leafCount }: { encryptionSecret: Buffer; leafCount: number },
  ) {
    this.suite = suite
    this.width = 2 * leafCount - 1
    this.nodes = new Map([[rootOf(this.width), encryptionSecret]])
  }

  /** The next key of our own ratchet. */
  next(
    leafIndex: number,
    name: RatchetName,
  ): { readonly generation: number; readonly aead: AeadKey } {
    const ratchet = this.ratchet(leafIndex, name)
    const { generation } = ratchet
    return { generation, aead: this.step(ratchet) }
  }

  /**
   * The key of a received message, without consuming it: `consume` it once the message has been opened,
   * so that a forged message cannot burn the key. Throws `generation-consumed`, `generation-too-far`.
   */
  peek(leafIndex: number, name: RatchetName, generation: number): AeadKey {
    const ratchet = this.ratchet(leafIndex, name)
    const skipped = ratchet.skipped.get(generation)
    if (skipped !== undefined) return skipped
    demand(generation >= ratchet.generation, 'generation-consumed')
    demand(generation - ratchet.generation < SKIPPED_KEYS_MAX, 'generation-too-far')
    while (ratchet.generation <= generation) this.skip(ratchet)
    const key = ratchet.skipped.get(generation)
    if (key === undefined) throw new ClientError('generation-consumed')
    return key
  }

  consume(leafIndex: number, name: RatchetName, generation: number): void {
    this.ratchet(leafIndex, name).skipped.delete(generation)
  }

  private skip(ratchet: Ratchet): void {
    const { generation } = ratchet
    ratchet.skipped.set(generation, this.step(ratchet))
    if (ratchet.skipped.size <= SKIPPED_KEYS_MAX) return
    const oldest = ratchet.skipped.keys().next().value
    if (oldest !== undefined) ratchet.skipped.delete(oldest)
  }

  private step(ratchet: Ratchet): AeadKey {
    const { suite } = this
    const { secret, generation } = ratchet
    const derive = (label: string, bytes: number) =>
      deriveTreeSecret(suite, secret, { label, generation, bytes })
    const aead = {
      key: derive('key', suite.aeadKeyBytes),
      nonce: derive('nonce', AEAD_NONCE_BYTES),
    }
    ratchet.secret = derive('secret', suite.hashBytes)
    ratchet.generation++
    return aead
  }

  private ratchet(leafIndex: number, name: RatchetName): Ratchet {
    const known = this.ratchets.get(`${name} ${leafIndex}`)
    if (known !== undefined) return known
    demand(2 * leafIndex < this.width, 'unknown-sender')
    const leafSecret = this.leafSecret(2 * leafIndex)
    for (const label of ['handshake', 'application'] as const)
      this.ratchets.set(`${label} ${leafIndex}`, {
        secret: expandWithLabel(this.suite, leafSecret, { label }),
        generation: 0,
        skipped: new Map(),
      })
    return this.ratchet(leafIndex, name)
  }

  /** Walks down from the nearest known secret; deletes every secret on the way (RFC 9420 §9.2). */
  private leafSecret(leaf: number): Buffer {
    let node = rootOf(this.width)
    while (node !== leaf) {
      this.split(node)
      node = leaf < node ? left(node) : right(node)
    }
    const secret = this.nodes.get(leaf)
    if (secret === undefined) throw new ClientError('generation-consumed')
    this.nodes.delete(leaf)
    return secret
  }

  private split(node: number): void {
    const secret = this.nodes.get(node)
    if (secret === undefined || level(node) === 0) return
    const derive = (side: 'left' | 'right') =>
      expandWithLabel(this.suite, secret, { label: 'tree', context: Buffer.from(side) })
    this.nodes.set(left(node), derive('left'))
    this.nodes.set(right(node), derive('right'))
    this.nodes.delete(node)
  }
}
