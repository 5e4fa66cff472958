/** Node indices of the array form of a complete binary tree: leaves even, parents odd. RFC 9420 Appendix C */

/** How far above the leaves a node stands. */
export function level(node: number): number {
  return 31 - Math.clz32(~node & (node + 1))
}

export function leftChild(node: number): number {
  return node ^ (1 << (level(node) - 1))
}

export function rightChild(node: number): number {
  return node ^ (3 << (level(node) - 1))
}

/** The other child of the parent. Not for the root. */
export function sibling(node: number): number {
  const parent = parentOf(node)
  return node < parent ? rightChild(parent) : leftChild(parent)
}

/** Not for the root. */
export function parentOf(node: number): number {
  const height = level(node)
  return (node | (1 << height)) & ~(1 << (height + 1))
}

export function rootOf(nodeCount: number): number {
  return (nodeCount - 1) >> 1
}

/** The nodes above a leaf, from its parent to the root. */
export function directPath(leafIndex: number, nodeCount: number): readonly number[] {
  const root = rootOf(nodeCount)
  const path: number[] = []
  for (let node = 2 * leafIndex; node !== root;) {
    node = parentOf(node)
    path.push(node)
  }
  return path
}

/** The first and last leaf index below a node. */
export function leafRange(node: number): { readonly first: number; readonly last: number } {
  const reach = (1 << level(node)) - 1
  return { first: (node - reach) >> 1, last: (node + reach) >> 1 }
}
