import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '../model/errors.ts'
import { invariantsSchema, type Invariant } from '../policy/invariants.ts'
import type { PolicyInput } from '../policy/load-apart.ts'
import { readYaml } from './yaml.ts'

export interface PolicyFiles extends PolicyInput {
  readonly files: readonly { readonly name: string; readonly lines: number }[]
}

/** Where a profile of this repository is. */
export function profileDirectory(name: string): string {
  return join(PROFILES, name)
}

/**
 * A policy file, or all `*.cedar` files of a directory in the order of their names with its
 * `invariants.yaml`, where it has one. Throws `policy-invalid`, `configuration-invalid`.
 */
export async function readPolicyFiles(path: string): Promise<PolicyFiles> {
  const read = await readAll(path).catch((cause: unknown) => {
    throw new GatewayError('policy-invalid', { facts: { reason: 'unreadable' }, cause })
  })
  if (read.length === 0)
    throw new GatewayError('policy-invalid', { facts: { reason: 'no-policies' } })
  return {
    bytes: Buffer.concat(read.map(({ bytes }) => bytes)),
    invariants: await invariantsBeside(path),
    files: read.map(({ name, bytes }) => ({
      name,
      lines: bytes.toString('latin1').split('\n').length - 1,
    })),
  }
}

/** The file and its line for a line of all files together, counted from 1. */
export function placeOf(
  { files }: PolicyFiles,
  line: number,
): { readonly file: string; readonly line: number } {
  let before = 0
  for (const { name, lines } of files) {
    if (line <= before + lines) return { file: name, line: line - before }
    before += lines
  }
  return { file: files.at(-1)?.name ?? '', line }
}

/** `invariants.yaml`. Throws `configuration-invalid`. */
export async function readInvariants(file: string): Promise<readonly Invariant[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('policy-invalid', { facts: { reason: 'unreadable' }, cause })
  })
  return readYaml({ file, text, schema: invariantsSchema }).value.invariants
}

async function invariantsBeside(path: string): Promise<readonly Invariant[]> {
  const file = join(path, INVARIANTS)
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  return isThere ? readInvariants(file) : []
}

async function readAll(path: string) {
  const isDirectory = (await stat(path)).isDirectory()
  const names = isDirectory
    ? (await readdir(path)).filter((name) => name.endsWith('.cedar')).toSorted()
    : [basename(path)]
  return Promise.all(
    names.map(async (name) => ({
      name,
      bytes: Buffer.concat([
        await readFile(isDirectory ? join(path, name) : path),
        Buffer.from('\n'),
      ]),
    })),
  )
}

/** What it is called in a directory of policies. */
export const INVARIANTS = 'invariants.yaml'
const PROFILES = fileURLToPath(new URL('../../policies/profiles', import.meta.url))
