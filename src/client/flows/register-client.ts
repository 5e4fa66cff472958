import { randomBytes } from 'node:crypto'
import type { Clock, Randomness } from '../../model/clock.ts'
import { uriDomain, type MimiUri } from '../../model/ids.ts'
import { mlsSuite } from '../../mls-crypto/suite.ts'
import { DsConnection, type Registration } from '../ds-connection.ts'
import { createAccount } from '../identity/account.ts'
import { Connections } from '../identity/connections.ts'
import { builtInSuites, type MetadataSuite } from '../mimi/metadata-suites.ts'
import { leafExtensions } from '../mls/leaf-extensions.ts'
import { ClientError } from '../errors.ts'
import { EpochSenders } from '../tokens/epoch-senders.ts'
import { IssuerConnection } from '../tokens/issuer-connection.ts'
import { pinnedTokenKeys } from '../mimi/pinned-token-keys.ts'
import type { ClientRoom, ClientState, UnnamedSenders } from './client-state.ts'

export interface MimiClientOptions extends Registration {
  readonly clock: Clock
  readonly randomness?: Randomness
  /** MLS cipher suite; 1 unless given. */
  readonly ciphersuite?: number
  /** The metadata suites that we know; those of this product unless given. */
  readonly metadataSuites?: readonly MetadataSuite[]
  /** Codes of the suites whose rooms we take part in: all that we know unless given. */
  readonly acceptedSuites?: readonly number[]
  /** What our leaves list; the accepted suites unless given. `none`: they do not say. */
  readonly listedSuites?: readonly number[] | 'none'
  /** What an existing client of the same user has handed over: its connection key. */
  readonly connectionKey?: Buffer
  /** The tokens listener of our provider: for rooms whose hub takes no names. */
  readonly tokensUrl?: string
  /** Whether tokens for rooms of our own provider come in amortized batches, where it has them: type 0x0005. */
  readonly amortizedTokens?: boolean
}

/** A new client of a user, known to its provider and in no room. */
export async function registerClient({
  clock,
  randomness = randomBytes,
  ciphersuite = 1,
  metadataSuites = builtInSuites,
  acceptedSuites = metadataSuites.map(({ code }) => code),
  listedSuites = acceptedSuites,
  connectionKey,
  tokensUrl,
  amortizedTokens: amortized = false,
  ...registration
}: MimiClientOptions): Promise<ClientState> {
  const suite = mlsSuite(ciphersuite)
  const { user, client } = registration
  const account = createAccount({
    user,
    client,
    suite,
    randomness,
    ...(connectionKey === undefined ? {} : { connectionKey }),
  })
  const provider = await DsConnection.register(registration)
  const rooms = new Map<string, ClientRoom>()
  return {
    account,
    suite,
    connections: new Connections(suite),
    provider,
    metadataSuites,
    acceptedSuites: metadataSuites.filter(({ code }) => acceptedSuites.includes(code)),
    leafExtensions: leafExtensions(listedSuites === 'none' ? undefined : listedSuites),
    unnamed:
      tokensUrl === undefined
        ? NAMED
        : epochSenders({
            user: account.user,
            tokensUrl,
            amortized,
            provider,
            rooms,
            clock,
            randomness,
          }),
    clock,
    randomness,
    rooms,
    tokenKeysDue: new Map(),
    keyPackages: new Map(),
    roomSecrets: new Map(),
    consentKeys: new Map(),
  }
}

function epochSenders({
  user,
  tokensUrl,
  provider,
  rooms,
  ...rest
}: {
  readonly user: MimiUri
  readonly tokensUrl: string
  readonly amortized: boolean
  readonly provider: DsConnection
  readonly rooms: ReadonlyMap<string, ClientRoom>
  readonly clock: Clock
  readonly randomness: Randomness
}): UnnamedSenders {
  const home = uriDomain(user)
  const { authorization } = provider
  const issuer = new IssuerConnection({ url: tokensUrl, issuer: home, authorization })
  const pinned = (uri: string) => {
    const room = rooms.get(uri)
    return room && pinnedTokenKeys(room.group.context.extensions, home)
  }
  const isMember = (uri: string) => rooms.get(uri)?.group.isMember === true
  return new EpochSenders({ home, issuer, pinned, isMember, ...rest })
}

/** Where a hub does not take us by our name, and there is no issuer, we cannot write. */
const NAMED: UnnamedSenders = {
  use: () => {
    throw new ClientError('no-issuer')
  },
  senderFor: () => Promise.resolve(undefined),
  obtain: () => Promise.reject(new ClientError('no-issuer')),
  isDue: () => false,
  takeAhead: () => Promise.resolve(),
}
