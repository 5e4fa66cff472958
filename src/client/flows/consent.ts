import { parseMimiUri, uriDomain } from '../../model/ids.ts'
import { decode, encode, opaque, spanned, struct, vector } from '../../wire/codec.ts'
import { consentEntryCodec, type ConsentEntry } from '../../wire/mimi/consent.ts'
import { componentData, type AppDataDictionary } from '../../wire/mls/app-data.ts'
import { hpkeCiphertextCodec } from '../../wire/mls/hpke-ciphertext.ts'
import { keyPackageCodec } from '../../wire/mls/key-package.ts'
import { decryptWithLabel, encryptWithLabel } from '../crypto/hpke.ts'
import { generateKeyPair } from '../crypto/kem.ts'
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
  { user, room }: { user: string; room?: string | undefined },
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
      ],
    },
  }
  const domain = uriDomain(target)
  await state.provider.operation('requestConsent', domain, encode(consentEntryCodec, entry))
}

/** Grants what `request` asks, with KeyPackages for an immediate add if wanted. */
export async function grantConsent(
  state: ClientState,
  { requester, room, keyPackages = 0, request }: ConsentGrant,
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
    consentExtensions: sealedCard(state, request),
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
): AppDataDictionary {
  const key = request && componentData(request.consentExtensions, CONNECTION_RESPONSE_KEY)
  if (request === undefined || key === undefined) return { componentData: [] }
  const { publicKey } = decode(responseKeyCodec, key)
  const plaintext = encode(cardCodec, connectionCard(account))
  const sealed = encryptWithLabel(
    suite,
    { publicKey, plaintext, label, context: sealContext(request) },
    randomness,
  )
  const data = encode(hpkeCiphertextCodec, sealed)
  return { componentData: [{ componentId: SEALED_CONNECTION, data }] }
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
