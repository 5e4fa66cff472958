import { join } from 'node:path'
import type { PeerClients } from '../delivery/peer-clients.ts'
import { createAccountHandles } from '../issuer/account-handles.ts'
import { loadDayKeys } from '../keys/day-keys.ts'
import type { KeyRing } from '../keys/key-files.ts'
import type { Clock, Randomness } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'
import type { RequirementDocuments } from '../peers/requirement-documents.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { issuerDirectoryPath } from '../privacypass/issuer-directory.ts'
import { mediaTypes } from '../privacypass/media-types.ts'
import { openEmbeddedSpentTokens } from '../privacypass/spent-embedded.ts'
import {
  postgresSpentTokens,
  type PostgresSpentTokensOptions,
} from '../privacypass/spent-postgres.ts'
import type { SpentTokens } from '../privacypass/spent-tokens.ts'
import type { TokenKey } from '../privacypass/token-scheme.ts'
import { createTokenSchemes } from '../privacypass/token-schemes.ts'
import { tokenTypeCodes, type TokenType } from '../privacypass/token-type.ts'
import { createArcCredentials, type ArcCredentials } from '../senders/arc-credentials.ts'
import { createCertificateStore } from '../senders/certificate-store.ts'
import { createIssuerKeys, type IssuerKeys, type PublishedKeys } from '../senders/issuer-keys.ts'
import { createProviderStanding, type ProviderStanding } from '../senders/provider-standing.ts'
import { createSubmitLog, submissionTag, type SubmitLog } from '../senders/submit-log.ts'
import { createUnnamedSenders } from '../senders/unnamed-senders.ts'
import type { Config } from '../settings/config.ts'
import type { SpentTokensConfig } from '../settings/spent-tokens.ts'
import type { Store } from '../sqlite/store.ts'
import { tokenKeysMax, type IssuerTokenKeys } from '../wire/mimi/token-keys.ts'

export interface SendersOptions {
  readonly config: Config
  readonly store: Store
  readonly keys: KeyRing
  /** Our own issuer's live keys for tokens of messages; none unless given. */
  readonly tokenKeys?: (() => readonly TokenKey[]) | undefined
  readonly peerClients: Pick<PeerClients, 'document'>
  readonly documents: RequirementDocuments
  readonly refreshPeer: (peer: ProviderDomain) => Promise<void>
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Senders that nobody names: the hub's side of them, and their own provider's. */
export interface Senders {
  readonly parts: Pick<PipelineParts, 'senders' | 'submitters' | 'statedTokenKeys'>
  readonly submitLog: SubmitLog
  readonly standing: ProviderStanding
  readonly issuerKeys: IssuerKeys
  /** Undefined where they are off. */
  readonly arc: ArcCredentials | undefined
  readonly spent: SpentTokens
}

/** Throws `store-unavailable`, `key-unavailable`. */
export async function openSenders(options: SendersOptions): Promise<Senders> {
  const { config, store, keys, clock, randomness } = options
  const hub = config.provider
  const standing = createProviderStanding(store, clock())
  // Where tokens were taken before, a store that is empty now was lost.
  const expected = standing.list().length > 0
  const spent = await openSpentTokens(config.spentTokens, { clock, randomness, expected })
  const issuerKeys = createIssuerKeys({
    self: hub,
    own: options.tokenKeys ?? (() => []),
    published: (issuer) => publishedKeys(options, issuer),
    clock,
  })
  const certificates = createCertificateStore(store)
  const submitLog = createSubmitLog(store, await loadDayKeys(join(config.keysDirectory, 'submit')))
  const handles = createAccountHandles(() => keys.all('issuer-accounts'))
  const schemes = createTokenSchemes({
    enabledTypes: takenTypes(config),
    clock,
    cpuMs: threadCpuMs,
  })
  const opened = { hub, spent, keys: issuerKeys, schemes, certificates, standing, clock }
  return {
    parts: {
      senders: createUnnamedSenders(opened),
      submitters: {
        remember: (submission, account, nowMs) => {
          const handle = handles.current(accountOf(account), nowMs)
          return submitLog.record(submissionTag(submission), handle, nowMs)
        },
      },
      statedTokenKeys: (issuer) => statedTokenKeys(options.documents, issuer),
    },
    submitLog,
    standing,
    issuerKeys,
    arc: config.experimental.arc ? arcCredentials(options, { spent, issuerKeys }) : undefined,
    spent,
  }
}

function arcCredentials(
  { config, keys, clock, randomness }: SendersOptions,
  opened: { readonly spent: SpentTokens; readonly issuerKeys: IssuerKeys },
): ArcCredentials {
  return createArcCredentials({
    ...opened,
    hub: config.provider,
    master: () => keys.active('arc-issuer').key,
    limit: config.experimental.arcPresentations,
    clock,
    cpuMs: threadCpuMs,
    randomness,
  })
}

async function openSpentTokens(
  kept: SpentTokensConfig,
  shared: Pick<PostgresSpentTokensOptions, 'clock' | 'randomness' | 'expected'>,
): Promise<SpentTokens> {
  switch (kept.kind) {
    case 'embedded':
      return openEmbeddedSpentTokens({ ...shared, directory: kept.directory })
    case 'postgres':
      return postgresSpentTokens({ ...shared, url: kept.url })
  }
}

/** What our own issuer gives we can check, whatever its type. */
function takenTypes({ issuer, experimental }: Config): readonly TokenType[] {
  return [
    'blindRsa2048',
    ...(issuer.voprfP384 ? (['voprfP384'] as const) : []),
    ...(experimental.batchedTokens ? (['voprfRistretto255'] as const) : []),
  ]
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Header values are ASCII, so a delivery service may percent-encode. */
function accountOf(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new GatewayError('malformed-request', { facts: { part: 'postern-account' } })
  }
}

/** What a peer's issuer says of itself, and what its signed document says of it. */
async function publishedKeys(
  { peerClients, documents, refreshPeer }: SendersOptions,
  issuer: ProviderDomain,
): Promise<PublishedKeys | undefined> {
  await refreshPeer(issuer)
  const { status, bytes } = await peerClients.document({
    peer: issuer,
    path: issuerDirectoryPath,
    accept: mediaTypes.issuerDirectory,
    etag: undefined,
    bytesMax: DIRECTORY_BYTES_MAX,
    deadlineMs: DIRECTORY_MS_MAX,
  })
  if (status === 404) return undefined
  if (status !== 200) throw new GatewayError('directory-invalid')
  const ofMessages = messageTokens(documents, issuer).filter(
    ({ type }) => type === tokenTypeCodes.blindRsa2048,
  )
  return { directory: bytes, digests: ofMessages.flatMap((entry) => entry.keys) }
}

/** What an issuer's accepted document states of its own tokens for messages. */
function messageTokens(documents: RequirementDocuments, issuer: string) {
  const tokens = documents.latest(issuer)?.document.tokens ?? []
  return tokens.filter(
    (entry) => entry.issuer === issuer && (entry.class ?? 'message') === 'message',
  )
}

/** INVARIANT: of a type with more keys than may be alive at once there are none: they would tell people apart. */
function statedTokenKeys(
  documents: RequirementDocuments,
  issuer: string,
): readonly IssuerTokenKeys[] {
  const idsByType = new Map<number, Set<string>>()
  for (const { type, keys } of messageTokens(documents, issuer))
    idsByType.set(type, new Set([...(idsByType.get(type) ?? []), ...keys]))
  return [...idsByType]
    .filter(([, ids]) => ids.size <= tokenKeysMax)
    .toSorted(([one], [other]) => one - other)
    .map(([tokenType, ids]) => ({
      issuer,
      tokenType,
      keyIds: [...ids]
        .map((id) => Buffer.from(id, 'base64url'))
        .toSorted((one, other) => one.compare(other)),
    }))
}

const DIRECTORY_BYTES_MAX = 65_536
const DIRECTORY_MS_MAX = 5_000
