import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Standing } from '../../src/issuer/token-class.ts'
import { AttesterServer } from './attester-server.ts'
import { startFederation, type Federation, type Provider } from './federation.ts'
import { tempDir } from './temp-dir.ts'
import { TokenClient } from './token-client.ts'

export const DAY_MS = 86_400_000
/** The time of the provider when a test begins: noon of today. */
export const NOON_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2

/** A provider that issues tokens, its attester and its time. */
export interface IssuingProvider {
  readonly provider: Provider
  readonly attester: AttesterServer
  readonly time: { nowMs: number }
  /** Of its tokens listener. */
  readonly url: string
  /** A client of a new account. */
  client(standing: Standing): AccountClient
}

/** What the attester knows it by. */
class AccountClient extends TokenClient {
  readonly secret: string
  readonly account: string

  constructor(url: string, secret: string, account: string) {
    super(url, secret)
    this.secret = secret
    this.account = account
  }
}

export interface IssuingOptions {
  /** More of `issuer` in postern.yaml. */
  readonly issuer?: object
  /** More of postern.yaml. */
  readonly extra?: object
}

/** One provider for all tests of a file, in a directory that is gone afterwards. */
export function useIssuingProvider(options: IssuingOptions = {}): () => IssuingProvider {
  let open: { issuing: IssuingProvider; federation: Federation; directory: string } | undefined
  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-test-'))
    open = { directory, ...(await openProvider(directory, options)) }
  }, 60_000)
  beforeEach(() => {
    if (open === undefined) return
    open.issuing.attester.mood = 'knows'
    open.issuing.time.nowMs = NOON_MS
  })
  afterAll(async () => {
    await open?.federation[Symbol.asyncDispose]()
    await open?.issuing.attester[Symbol.asyncDispose]()
    if (open !== undefined) rmSync(open.directory, { recursive: true, force: true })
  }, 60_000)
  return () => {
    if (open === undefined) throw new Error('not open yet')
    return open.issuing
  }
}

/** One provider for one test. */
export async function openIssuingProvider(
  options: IssuingOptions = {},
): Promise<IssuingProvider & AsyncDisposable> {
  const { issuing, federation } = await openProvider(tempDir(), options)
  return Object.assign(issuing, {
    [Symbol.asyncDispose]: async () => {
      await federation[Symbol.asyncDispose]()
      await issuing.attester[Symbol.asyncDispose]()
    },
  })
}

async function openProvider(directory: string, { issuer, extra }: IssuingOptions) {
  const time = { nowMs: NOON_MS }
  const attester = await new AttesterServer().start()
  const hook = { url: attester.url, deadlineMs: 1_000 }
  const federation = await startFederation(directory, [
    {
      domain: 'a.example',
      tokens: true,
      extra: { issuer: { enabled: true, attester: hook, ...issuer }, ...extra },
      clock: () => time.nowMs,
    },
  ])
  const provider = federation.provider('a.example')
  let accounts = 0
  const issuing: IssuingProvider = {
    provider,
    attester,
    time,
    get url() {
      return provider.gateway.urls.tokens ?? ''
    },
    client(standing: Standing) {
      accounts += 1
      const [bearer, account] = [`secret-${accounts}`, `account-${accounts}`]
      attester.accounts.set(bearer, { account, standing })
      return new AccountClient(this.url, bearer, account)
    },
  }
  return { federation, issuing }
}
