import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '../model/errors.ts'
import type { SignedFiles } from '../policy/bundle.ts'
import { invariantsSchema, type Invariant } from '../policy/invariants.ts'
import type { PolicyInput } from '../policy/load-apart.ts'
import type { PolicyFinding } from '../policy/load.ts'
import { readYaml } from './yaml.ts'

export interface PolicyFiles extends PolicyInput, SignedFiles {
  readonly files: readonly { readonly name: string; readonly lines: number }[]
}

/** `policy-invalid`, with lines for an operator: file, line, what is wrong. */
export class PolicyError extends GatewayError {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super('policy-invalid', { facts: { problems: problems.length } })
    this.problems = problems
  }
}

/** Where a profile of this repository is. */
export function profileDirectory(name: string): string {
  return join(PROFILES, name)
}

/**
 * A policy file, or all `*.cedar` files of a directory in the order of their names with its
 * `invariants.yaml` and `bundle.jws`, where it has them. Throws `policy-invalid`,
 * `configuration-invalid`.
 */
export async function readPolicyFiles(path: string): Promise<PolicyFiles> {
  const all = await readAll(path).catch((cause: unknown) => {
    throw new GatewayError('policy-invalid', { facts: { reason: 'unreadable' }, cause })
  })
  const { [INVARIANTS]: invariants, [BUNDLE]: bundle } = Object.fromEntries(all)
  const policies = all.filter(([name]) => name !== INVARIANTS && name !== BUNDLE)
  if (policies.length === 0)
    throw new GatewayError('policy-invalid', { facts: { reason: 'no-policies' } })
  const withEnd = policies.map(([name, bytes]) => [name, Buffer.concat([bytes, LINE_END])] as const)
  return {
    bytes: Buffer.concat(withEnd.map(([, bytes]) => bytes)),
    invariants: invariants === undefined ? [] : parseInvariants(join(path, INVARIANTS), invariants),
    bundle,
    digests: new Map(
      all.filter(([name]) => name !== BUNDLE).map(([name, bytes]) => [name, digestOf(bytes)]),
    ),
    files: withEnd.map(([name, bytes]) => ({
      name,
      lines: bytes.toString('latin1').split('\n').length - 1,
    })),
  }
}

/** One line for each finding: `policies.cedar:12: syntax: …`. */
export function problemsOf(files: PolicyFiles, findings: readonly PolicyFinding[]) {
  return findings.map(({ fault, line, explanation }) => ({
    fault,
    ...(fault === 'invariant' ? { file: INVARIANTS, line: 0 } : placeOf(files, line)),
    explanation,
  }))
}

/** The file and its line for a line of all files together, counted from 1. */
function placeOf(
  { files }: Pick<PolicyFiles, 'files'>,
  line: number,
): { readonly file: string; readonly line: number } {
  let before = 0
  for (const { name, lines } of files) {
    if (line <= before + lines) return { file: name, line: line - before }
    before += lines
  }
  return { file: files.at(-1)?.name ?? '', line }
}

/** `invariants.yaml`. Throws `policy-invalid`, `configuration-invalid`. */
export async function readInvariants(file: string): Promise<readonly Invariant[]> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new GatewayError('policy-invalid', { facts: { reason: 'unreadable' }, cause })
  })
  return parseInvariants(file, bytes)
}

function parseInvariants(file: string, bytes: Buffer): readonly Invariant[] {
  const text = bytes.toString('utf8')
  return readYaml({ file, text, schema: invariantsSchema }).value.invariants
}

async function readAll(path: string): Promise<readonly (readonly [string, Buffer])[]> {
  if (!(await stat(path)).isDirectory()) return [[basename(path), await readFile(path)]]
  const names = (await readdir(path)).filter(
    (name) => name.endsWith('.cedar') || name === INVARIANTS || name === BUNDLE,
  )
  return Promise.all(
    names.toSorted().map(async (name) => [name, await readFile(join(path, name))] as const),
  )
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url')
}

/** What they are called in a directory of policies. */
export const INVARIANTS = 'invariants.yaml'
export const BUNDLE = 'bundle.jws'
const LINE_END = Buffer.from('\n')
const PROFILES = fileURLToPath(new URL('../../policies/profiles', import.meta.url))
