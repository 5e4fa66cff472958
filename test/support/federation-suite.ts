import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { MimiClient } from '../../src/client/mimi-client.ts'
import { startFederation, type Provider, type ProviderOptions } from './federation.ts'

/** The providers of one test file: started before its first test, gone after its last. */
export interface FederationSuite {
  provider(domain: string): Provider
  client(
    domain: string,
    name: string,
    options?: { device?: string; extra?: object },
  ): Promise<MimiClient>
}

export function federationSuite(providers: readonly ProviderOptions[]): FederationSuite {
  const directory = mkdtempSync(join(tmpdir(), 'postern-test-'))
  let federation: Awaited<ReturnType<typeof startFederation>> | undefined
  beforeAll(async () => {
    federation = await startFederation(directory, providers)
  }, 60_000)
  afterAll(async () => {
    await federation?.[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)
  const provider = (domain: string) => {
    const found = federation?.get(domain)
    if (found === undefined) throw new Error('no such provider')
    return found
  }
  return {
    provider,
    client: (domain, name, options) => provider(domain).client(name, options),
  }
}
