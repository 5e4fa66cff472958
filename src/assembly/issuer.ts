import { AttesterClient } from '../delivery/attester-client.ts'
import { createAccountHandles, type AccountHandles } from '../issuer/account-handles.ts'
import { createAttest } from '../issuer/attestation.ts'
import { createIssueTokens, requestBytesMax } from '../issuer/issue-tokens.ts'
import {
  openIssuerKeys,
  type IssuerKeys,
  type KeptKeys,
  type KeyKinds,
} from '../issuer/issuer-keys.ts'
import type { KeyLine } from '../issuer/key-line.ts'
import { createPenalties, type Penalties } from '../issuer/penalties.ts'
import { issuerDirectory, statedTokens, type StatedTokens } from '../issuer/publish.ts'
import { createQuotaStore, type QuotaStore } from '../issuer/quota-store.ts'
import { SigningThread } from '../issuer/signing-thread.ts'
import { dayOf } from '../issuer/token-class.ts'
import type { Key, KeyRing } from '../keys/key-files.ts'
import type { IssuerPurpose } from '../keys/key-material.ts'
import type { IssuerDesk } from '../listener/token-desks.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { blindRsaKeyKind } from '../privacypass/blind-rsa/token-key.ts'
import type { TokenKey } from '../privacypass/token-scheme.ts'
import { voprfKeyKind } from '../privacypass/voprf/issuer-key.ts'
import { p384Group } from '../privacypass/voprf/p384.ts'
import { loadRistretto255 } from '../privacypass/voprf/ristretto255.ts'
import type { Config } from '../settings/config.ts'
import type { Log } from '../signals/log.ts'
import type { Metrics } from '../signals/metrics.ts'
import type { Store } from '../sqlite/store.ts'
import { repeat } from './repeat.ts'

export interface IssuerOptions {
  readonly config: Config
  readonly store: Store
  readonly keys: KeyRing
  /** That of the embedded delivery service; for a configuration that names none. */
  readonly attesterUrl: string | undefined
  readonly metrics: Metrics
  readonly clock: Clock
  readonly randomness: Randomness
}

/** The embedded issuer, and what other parts need of it. */
export interface Issuer extends AsyncDisposable {
  readonly desk: IssuerDesk
  readonly keys: IssuerKeys
  readonly quotas: QuotaStore
  /** Where strikes against accounts are recorded. */
  readonly penalties: Penalties
  readonly handles: AccountHandles
  /** Whether the attester answered when it was asked last. */
  readonly attested: () => boolean
  /** What our requirements document says of it. */
  readonly stated: () => StatedTokens[]
  /** Live keys for tokens of messages. */
  readonly messageKeys: () => readonly TokenKey[]
}

/** Opens the issuer with all its keys, where it is enabled. Throws `key-unavailable`. */
export async function openIssuer(options: IssuerOptions): Promise<Issuer | undefined> {
  const { config, store, metrics, clock } = options
  const { enabled, attester, url } = config.issuer
  if (!enabled) return undefined
  const asked = attester.url ?? options.attesterUrl
  if (asked === undefined) throw new GatewayError('configuration-invalid')
  const keys = await openKeys(options)
  const client = new AttesterClient({ url: asked, deadlineMs: attester.deadlineMs })
  const thread = new SigningThread(clock)
  const handles = createAccountHandles(() => options.keys.all('issuer-accounts'))
  const penalties = createPenalties(store)
  const quotas = createQuotaStore(store)
  const issue = createIssueTokens({
    keys: () => keys.live(),
    attest: createAttest((question, signal) => client.ask(question, signal)),
    handles,
    quotas,
    standingPenalty: penalties.standingPenalty,
    signer: thread,
    onIssued: (tokenClass, count) => metrics.tokensIssued(tokenClass, count),
    onRefused: (code) => metrics.tokensRefused(code),
    clock,
  })
  const requestUri =
    url === undefined ? '/token-request' : `${url.replace(/\/$/, '')}/token-request`
  const directory = () => issuerDirectory(keys.live(), { requestUri, nowMs: clock() })
  return {
    desk: { requestBytesMax, directory, issue },
    keys,
    quotas,
    penalties,
    handles,
    attested: () => client.available,
    messageKeys: () =>
      keys
        .live()
        .filter(({ tokenClass }) => tokenClass === 'message')
        .map(({ issuerKey }) => issuerKey.tokenKey),
    stated: () => [...statedTokens(keys.live(), config.provider)],
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]()
      await thread[Symbol.asyncDispose]()
    },
  }
}

export interface IssuerTask {
  readonly log: Log
  readonly clock: Clock
  readonly onRotated: () => void
}

/** Rotates keys and deletes what has served its time, now and every hour; never lets a fault out. */
export function startIssuer(issuer: Issuer, { log, clock, onRotated }: IssuerTask): Disposable {
  const { keys, quotas, penalties } = issuer
  const run = async (): Promise<void> => {
    try {
      if (await keys.rotate()) {
        log.info('issuer.keys-rotated', { keys: keys.live().length })
        onRotated()
      }
      await quotas.deleteBefore(dayOf(clock()) - ISSUANCES_KEPT_DAYS)
      await penalties.deleteExpired(clock())
    } catch (error) {
      log.fault('issuer.failed', error)
    }
  }
  return repeat(run, INTERVAL_MS)
}

async function openKeys(options: IssuerOptions): Promise<IssuerKeys> {
  const { config, keys, clock } = options
  return openIssuerKeys({
    issuer: config.provider,
    kept: keptKeys(keys),
    kinds: await keyKinds(options),
    clock,
  })
}

/** Type 0x0002 is for everybody; the others are for our own users at our own hub, where they are on. */
async function keyKinds({ config, randomness }: IssuerOptions): Promise<KeyKinds> {
  const { issuer, experimental } = config
  return {
    blindRsa2048: blindRsaKeyKind,
    ...(issuer.voprfP384 && { voprfP384: voprfKeyKind(p384Group, randomness) }),
    ...(experimental.batchedTokens && {
      voprfRistretto255: voprfKeyKind(await loadRistretto255(), randomness),
    }),
  }
}

/** The key ring, by lines of keys. */
function keptKeys(ring: KeyRing): KeptKeys {
  const find = (line: KeyLine, id: string) => ring.all(purposeOf(line)).find((key) => key.id === id)
  return {
    all: (line) => ring.all(purposeOf(line)).map(withEnd),
    add: (line, made) => ring.add(purposeOf(line), made),
    expire: async (line, id, atMs) => {
      const key = find(line, id)
      if (key !== undefined) await ring.expire(key, atMs)
    },
  }
}

/** Every key of these purposes is made with an end. */
function withEnd({ id, key, activeFromMs, expiresAtMs = activeFromMs }: Key) {
  return { id, key, activeFromMs, expiresAtMs }
}

function purposeOf(line: KeyLine): IssuerPurpose {
  return `token-issuer-${line}`
}

const INTERVAL_MS = 3_600_000
/** Longer than the clock is likely to be moved back: a day that comes again has had its tokens. */
const ISSUANCES_KEPT_DAYS = 8
