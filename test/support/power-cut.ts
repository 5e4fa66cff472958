import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { SpentFiles } from '../../src/privacypass/spent-files.ts'
import { observedFiles, systemError, type FileOperation } from './spent-files.ts'

/** What reached the disk of what was never synced: nothing, half of what was appended, what was renamed, everything. */
export const remains = ['nothing', 'half', 'renames', 'everything'] as const
export type Remains = (typeof remains)[number]

export interface PowerCut {
  readonly files: SpentFiles
  /** How many operations that change something there were. */
  readonly operations: () => number
  /** Lays what is on the disk after the cut into an empty directory. */
  readonly restore: (into: string, remains: Remains) => void
}

/**
 * A disk below `base` whose power fails before operation number `cutAt`: from then on nothing works.
 * It tracks what was synced: of files their bytes, of directories their entries.
 */
export function powerCut(base: string, cutAt = Infinity): PowerCut {
  let operations = 0
  /** Files by their present path. */
  const nodes = new Map<string, Node>()
  const durable = new Map<string, ReadonlyMap<string, Node | 'directory'>>()
  const before = (operation: FileOperation): void => {
    if (!CHANGING.has(operation)) return
    operations += 1
    if (operations >= cutAt) throw systemError('EIO')
  }
  const syncPath = (path: string): void => {
    const node = nodes.get(path)
    if (node === undefined) durable.set(path, entriesOf(path, nodes))
    else node.synced = readFileSync(path)
  }
  const after = (operation: FileOperation, path: string, renamedTo?: string): void => {
    if (operation === 'sync' || operation === 'datasync') syncPath(path)
    if (operation === 'open' && statSync(path).isFile()) nodeAt(nodes, path)
    if (operation === 'unlink' || operation === 'rm') forget(nodes, path)
    const node = nodes.get(path)
    if (renamedTo !== undefined && node !== undefined) {
      nodes.delete(path)
      nodes.set(renamedTo, node)
      node.isRenamed = true
    }
  }
  const restore = (from: string, into: string, kept: Remains): void => {
    const synced = durable.get(from) ?? new Map<string, Node | 'directory'>()
    const entries = kept === 'everything' ? entriesOf(from, nodes) : new Map(synced)
    if (kept === 'renames')
      for (const [path, node] of nodes)
        if (node.isRenamed && dirname(path) === from) entries.set(basename(path), node)
    for (const [name, node] of entries) {
      if (node === 'directory') {
        mkdirSync(join(into, name))
        restore(join(from, name), join(into, name), kept)
      } else {
        const live = [...nodes].find(([, other]) => other === node)?.[0]
        writeFileSync(join(into, name), contentOf(node, live, kept))
      }
    }
  }
  return {
    files: observedFiles({ before, after, syncs: false }),
    operations: () => operations,
    restore: (into, kept) => restore(base, into, kept),
  }
}

interface Node {
  synced: Buffer
  isRenamed: boolean
}

/** A file may be there before its `open` is over: then it begins here. */
function entriesOf(directory: string, nodes: Map<string, Node>): Map<string, Node | 'directory'> {
  return new Map(
    readdirSync(directory, { withFileTypes: true }).map((entry) => [
      entry.name,
      entry.isDirectory() ? 'directory' : nodeAt(nodes, join(directory, entry.name)),
    ]),
  )
}

function nodeAt(nodes: Map<string, Node>, path: string): Node {
  const node = nodes.get(path) ?? { synced: Buffer.alloc(0), isRenamed: false }
  nodes.set(path, node)
  return node
}

function contentOf({ synced }: Node, live: string | undefined, kept: Remains): Buffer {
  if (live === undefined || kept === 'nothing' || kept === 'renames') return synced
  const written = readFileSync(live)
  if (kept === 'everything') return written
  return Buffer.concat([
    synced,
    written.subarray(synced.length, (synced.length + written.length) / 2),
  ])
}

function forget(nodes: Map<string, Node>, path: string): void {
  for (const known of nodes.keys())
    if (known === path || known.startsWith(`${path}/`)) nodes.delete(known)
}

const CHANGING = new Set<FileOperation>([
  'mkdir',
  'open',
  'rename',
  'rm',
  'unlink',
  'write',
  'writeFile',
  'datasync',
  'sync',
])
