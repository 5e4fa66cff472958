/** Node indices of RFC 9420 Appendix C. A tree always has 2^k leaf positions: blank ones are nodes too. */

/** 0 for leaves. */
export function level(node: number): number {
  let count = 0
  while (((node >> count) & 1) === 1) count++
  return count
}

/** Of parents only. */
export function left(node: number): number {
  return node ^ (1 << (level(node) - 1))
}

/** Of parents only. */
export function right(node: number): number {
  return node ^ (3 << (level(node) - 1))
}

/** The root of a tree of `width` nodes. INVARIANT: width is 2^k - 1. */
export function rootOf(width: number): number {
  return (width - 1) >> 1
}

function parentOf(node: number): number {
  const depth = level(node)
  return (node | (1 << depth)) & ~(1 << (depth + 1))
}

export function siblingOf(node: number): number {
  const parent = parentOf(node)
  return node < parent ? right(parent) : left(parent)
}

/** From the parent of `node` up to the root. */
export function directPath(node: number, width: number): number[] {
  const path: number[] = []
  const root = rootOf(width)
  for (let at = node; at !== root;) {
    at = parentOf(at)
    path.push(at)
  }
  return path
}

/** Whether a leaf, by its leaf index, is below `node` or is it. */
export function covers(node: number, leafIndex: number): boolean {
  const half = 1 << level(node)
  return 2 * leafIndex > node - half && 2 * leafIndex < node + half
}

/** The smallest 2^k - 1 that is at least `length`. */
export function fullWidth(length: number): number {
  let width = 1
  while (width < length) width = 2 * width + 1
  return width
}
