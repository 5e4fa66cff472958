import { decode, encode, opaque } from '../wire/codec.ts'
import { treeBytesMax } from '../wire/mimi/bounds.ts'
import type { Credential } from '../wire/mls/credential.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import { ratchetTreeCodec } from '../wire/mls/ratchet-tree.ts'

/** What the delivery service needs to know of a leaf. */
export interface Leaf {
  /** The participant: the user URI or the user pseudonym; undefined for other credentials. */
  readonly identity: string | undefined
  readonly signatureKey: Buffer
}

/** The leaves by leaf index, undefined where blank. `ratchetTree` has no length prefix. Throws `WireError`. */
export function readLeaves(ratchetTree: Buffer): readonly (Leaf | undefined)[] {
  const nodes = decode(ratchetTreeCodec, withPrefix(ratchetTree))
  const leaves: (Leaf | undefined)[] = []
  for (let index = 0; index < nodes.length; index += 2) {
    const node = nodes[index]
    leaves.push(node?.kind === 'leaf' ? leafOf(node.leafNode) : undefined)
  }
  return leaves
}

export function leafOf({ credential, signatureKey }: LeafNode): Leaf {
  return { identity: identityOf(credential), signatureKey }
}

/** How a credential names its participant: docs/client-sdk.md, "How a leaf names its user". */
export function identityOf(credential: Credential): string | undefined {
  switch (credential.kind) {
    case 'basic':
      return credential.identity.toString('utf8')
    case 'pseudonymous':
      return credential.userPseudonym.toString('utf8')
    case 'x509':
    case 'other':
      return undefined
  }
}

/** Which members' keys a commit took out of the tree, and which it replaced at their leaf. Base64. */
export interface LeafChanges {
  readonly left: readonly string[]
  readonly rotated: readonly (readonly [from: string, to: string])[]
}

/**
 * Compares the trees around a commit. `removed` are the leaf indices that it removes: a leaf there may be
 * somebody else's already.
 */
export function leafChanges(
  before: readonly (Leaf | undefined)[],
  after: readonly (Leaf | undefined)[],
  removed: ReadonlySet<number>,
): LeafChanges {
  const kept = new Set(after.flatMap((leaf) => (leaf === undefined ? [] : [keyText(leaf)])))
  const left: string[] = []
  const rotated: [string, string][] = []
  for (const [index, leaf] of before.entries()) {
    if (leaf === undefined || kept.has(keyText(leaf))) continue
    const successor = after[index]
    if (removed.has(index) || successor === undefined) left.push(keyText(leaf))
    else rotated.push([keyText(leaf), keyText(successor)])
  }
  return { left, rotated }
}

function keyText({ signatureKey }: Leaf): string {
  return signatureKey.toString('base64')
}

function withPrefix(ratchetTree: Buffer): Buffer {
  return encode(treeOpaque, ratchetTree)
}

const treeOpaque = opaque(treeBytesMax)

/** The inside of `optional<Node> ratchet_tree<V>`. Throws `WireError`. */
export function treeContent(bytes: Buffer): Buffer {
  return decode(treeOpaque, bytes)
}
