import { parseMimiUri, uriDomain } from '../../model/ids.ts'
import { decode, encode, opaque, spanned, struct, vector } from '../../wire/codec.ts'
import { consentEntryCodec, type ConsentEntry } from '../../wire/mimi/consent.ts'
import { consentTermsCodec, type ConsentTerms } from '../../wire/mimi/metadata-requirements.ts'
import { componentData, componentIds, type ComponentData } from '../../wire/mls/app-data.ts'
import { hpkeCiphertextCodec } from '../../wire/mls/hpke-ciphertext.ts'
import { keyPackageCodec } from '../../wire/mls/key-package.ts'
import { decryptWithLabel, encryptWithLabel } from '../../mls-crypto/hpke.ts'
import { generateKeyPair } from '../../mls-crypto/kem.ts'
import { ClientError } from '../errors.ts'
import { basicIdentity } from '../identity/account.ts'
import { connectionCard } from '../identity/connections.ts'
import { newKeyPackage } from './key-packages.ts'
import type { ClientState } from './client-state.ts'

/**
 * Asks a user to let us add it to rooms, or to one room. The request carries an HPKE key, so that the
 * grant can bring the user's connection key past both providers.
 */
export async function requestConsent(
  state: ClientState,
  { user, room, terms }: ConsentRequest,
): Promise<void> {
  const target = parseMimiUri(user, 'user')
  const keys = generateKeyPair(state.suite, state.randomness)
  state.consentKeys.set(user, keys)
  const entry: ConsentEntry = {
    consentOperation: 'request',
    requesterUri: state.account.user,
    targetUri: user,
    roomId: room,
    consentExtensions: {
      componentData: [
        { componentId: CONNECTION_RESPONSE_KEY, data: encode(responseKeyCodec, keys) },
        ...termsComponent(state, terms),
      ],
    },
  }
  const domain = uriDomain(target)
  await state.provider.operation('requestConsent', domain, encode(consentEntryCodec, entry))
}

export interface ConsentRequest {
  readonly user: string
  readonly room?: string | undefined
  /** What the consent is to be for. */
  readonly terms?: OfferedTerms | undefined
}

/** What a consent is asked or given for. */
export interface OfferedTerms {
  /** The name of a metadata suite that we know. */
  readonly suite: string
  readonly purposes: readonly ('delivery' | 'moderation' | 'compliance')[]
  readonly retentionDays: number
  /** Milliseconds since 1970; no end unless given. */
  readonly expiresAtMs?: number
}

/**
 * Grants what `request` asks, on its terms unless others are given, with KeyPackages for an immediate
 * add if wanted.
 */
export async function grantConsent(
  state: ClientState,
  { requester, room, keyPackages = 0, request, terms }: ConsentGrant,
): Promise<void> {
  const own = Array.from({ length: keyPackages }, () =>
    newKeyPackage(state, basicIdentity(state.account)),
  )
  const entry: ConsentEntry = {
    consentOperation: 'grant',
    requesterUri: requester,
    targetUri: state.account.user,
    roomId: room,
    clientKeyPackages: own.map(({ bytes }) => decode(spanned(keyPackageCodec), bytes)),
    consentExtensions: {
      componentData: [
        ...sealedCard(state, request),
        ...(terms === undefined ? askedTerms(request) : termsComponent(state, terms)),
      ],
    },
  }
  await update(state, requester, entry)
}

export interface ConsentGrant {
  readonly requester: string
  readonly room?: string | undefined
  /** How many KeyPackages go with the grant. */
  readonly keyPackages?: number
  /** The request that this answers: its key gets our connection key. */
  readonly request?: ConsentEntry
  /** Other terms than those of the request. */
  readonly terms?: OfferedTerms
}

export async function revokeConsent(
  state: ClientState,
  { requester, room }: { requester: string; room?: string | undefined },
): Promise<void> {
  await update(state, requester, {
    consentOperation: 'revoke',
    requesterUri: requester,
    targetUri: state.account.user,
    roomId: room,
    consentExtensions: { componentData: [] },
  })
}

/** Takes in the connection key of a grant that answers a request of ours. */
export function learnFromGrant(state: ClientState, entry: ConsentEntry): void {
  const { consentOperation, targetUri: user, consentExtensions } = entry
  const keys = state.consentKeys.get(user)
  const sealed = componentData(consentExtensions, SEALED_CONNECTION)
  if (consentOperation !== 'grant' || keys === undefined || sealed === undefined) return
  const ciphertext = decode(hpkeCiphertextCodec, sealed)
  const context = sealContext(entry)
  const plaintext = decryptWithLabel(state.suite, keys.privateKey, {
    ...ciphertext,
    label,
    context,
  })
  state.connections.add({ user, ...decode(cardCodec, plaintext) })
  state.consentKeys.delete(user)
}

function sealedCard(
  { account, suite, randomness }: ClientState,
  request: ConsentEntry | undefined,
): readonly ComponentData[] {
  const key = request && componentData(request.consentExtensions, CONNECTION_RESPONSE_KEY)
  if (request === undefined || key === undefined) return []
  const { publicKey } = decode(responseKeyCodec, key)
  const plaintext = encode(cardCodec, connectionCard(account))
  const sealed = encryptWithLabel(
    suite,
    { publicKey, plaintext, label, context: sealContext(request) },
    randomness,
  )
  const data = encode(hpkeCiphertextCodec, sealed)
  return [{ componentId: SEALED_CONNECTION, data }]
}

/** Throws `suite-not-accepted` for a suite that we do not know. */
function termsComponent(
  { metadataSuites }: ClientState,
  terms: OfferedTerms | undefined,
): readonly ComponentData[] {
  if (terms === undefined) return []
  const suite = metadataSuites.find(({ name }) => name === terms.suite)
  if (suite === undefined) throw new ClientError('suite-not-accepted')
  const data = encode(consentTermsCodec, {
    suite: suite.code,
    suiteDigest: suite.digest,
    purposes: terms.purposes,
    retentionDays: terms.retentionDays,
    expiresAt: BigInt(terms.expiresAtMs ?? 0),
  })
  return [{ componentId: componentIds.consentTerms, data }]
}

/** Component 0x8D13 of a request, as it came. */
function askedTerms(request: ConsentEntry | undefined): readonly ComponentData[] {
  return (request?.consentExtensions.componentData ?? []).filter(
    ({ componentId }) => componentId === componentIds.consentTerms,
  )
}

/** The terms in a consent entry; undefined where it states none. Throws `WireError`. */
export function termsOf({ consentExtensions }: ConsentEntry): ConsentTerms | undefined {
  const data = componentData(consentExtensions, componentIds.consentTerms)
  return data && decode(consentTermsCodec, data)
}

async function update(state: ClientState, requester: string, entry: ConsentEntry): Promise<void> {
  const domain = uriDomain(parseMimiUri(requester, 'user'))
  await state.provider.operation('updateConsent', domain, encode(consentEntryCodec, entry))
}

/** Both users: a sealed card is worth nothing in an entry about others. */
function sealContext({ requesterUri, targetUri }: ConsentEntry): Buffer {
  return encode(contextCodec, {
    requesterUri: Buffer.from(requesterUri),
    targetUri: Buffer.from(targetUri),
  })
}

/** Components of `consent_extensions`, private use. */
const CONNECTION_RESPONSE_KEY = 0x8d11
const SEALED_CONNECTION = 0x8d12

const label = 'ConnectionResponse'
const key = opaque(4_096)
const responseKeyCodec = struct({ publicKey: key })
const contextCodec = struct({ requesterUri: key, targetUri: key })
const cardCodec = struct({ connectionKey: key, identityKeys: vector(key, { countMax: 64 }) })
