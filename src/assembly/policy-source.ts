import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '../model/errors.ts'
import { compiledEngine } from '../policy/compiled-engine.ts'
import type { PolicyEngine } from '../policy/engine.ts'
import { inspectApart } from '../policy/load-apart.ts'
import { loadedOrThrow } from '../policy/load.ts'
import type { PolicySource } from '../settings/config.ts'

/**
 * The engine of a profile of this repository, or of all `*.cedar` files of the operator's directory in
 * the order of their names. Throws `policy-invalid`.
 */
export async function readPolicyEngine(source: PolicySource): Promise<PolicyEngine> {
  const directory = source.kind === 'profile' ? join(PROFILES, source.name) : source.path
  return compiledEngine(loadedOrThrow(await inspectApart(await readPolicies(directory))))
}

async function readPolicies(directory: string): Promise<Uint8Array> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.cedar')).toSorted()
    const files = await Promise.all(names.map((name) => readFile(join(directory, name))))
    if (files.length > 0) return Buffer.concat(files.flatMap((file) => [file, LINE_BREAK]))
  } catch (cause) {
    throw new GatewayError('policy-invalid', { facts: { reason: 'unreadable' }, cause })
  }
  throw new GatewayError('policy-invalid', { facts: { reason: 'no-policies' } })
}

const PROFILES = fileURLToPath(new URL('../../policies/profiles', import.meta.url))
const LINE_BREAK = Buffer.from('\n')
