import type { ErrorCode } from '../model/errors.ts'
import { encode } from '../wire/codec.ts'
import {
  tokenKeyEntriesMax,
  tokenKeysCodec,
  type IssuerTokenKeys,
} from '../wire/mimi/token-keys.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import type { Proposal } from '../wire/mls/proposal.ts'
import { decodeOr, refusal } from './refusal.ts'
import type { RoomState } from './room-state.ts'

/** What an issuer's signed document says of its keys now, by ascending token type; none for nobody known. */
export type StatedTokenKeys = (issuer: string) => readonly IssuerTokenKeys[]

type PinnedRoom = Pick<RoomState, 'components' | 'providers'>

/**
 * What the room's token keys should be for senders of this issuer's provider; undefined where they are,
 * or where there are more than a room can hold. What is stale of other issuers is renewed with it.
 * docs/pseudonymous-senders.md
 */
export function missingTokenKeys(
  room: PinnedRoom,
  issuer: string,
  stated: StatedTokenKeys,
): Buffer | undefined {
  const pinned = entriesOf(room.components.get(componentIds.tokenKeys), 'internal')
  const own = pinned.filter((entry) => entry.issuer === issuer)
  if (encoded(own).equals(encoded(stated(issuer)))) return undefined
  const entries = statedFor([...stillHere(pinned, room), issuer], stated)
  return entries.length > tokenKeyEntriesMax ? undefined : encoded(entries)
}

/**
 * Holds new token keys of a room to what their issuers have signed: exactly that, and nothing of an
 * issuer that was there and has still somebody in the room is left out. Throws `code`.
 */
export function checkTokenKeys(
  { before, providers, update }: TokenKeysChange,
  stated: StatedTokenKeys,
  code: ErrorCode,
): void {
  const named = entriesOf(update, code).map(({ issuer }) => issuer)
  const kept = stillHere(entriesOf(before, 'internal'), { providers })
  if (!encoded(statedFor([...kept, ...named], stated)).equals(update))
    throw refusal(code, 'token-keys-not-stated')
}

export interface TokenKeysChange extends Pick<RoomState, 'providers'> {
  /** The component before; undefined where the room had none. */
  readonly before: Buffer | undefined
  readonly update: Buffer
}

/** The token keys that a proposal would give a room. */
export function proposedTokenKeys(proposal: Proposal): Buffer | undefined {
  if (proposal.kind !== 'app-data-update') return undefined
  if (proposal.componentId !== componentIds.tokenKeys) return undefined
  return proposal.operation.kind === 'update' ? proposal.operation.update : undefined
}

function statedFor(
  issuers: readonly string[],
  stated: StatedTokenKeys,
): readonly IssuerTokenKeys[] {
  return [...new Set(issuers)].toSorted().flatMap((issuer) => stated(issuer))
}

function stillHere(
  entries: readonly IssuerTokenKeys[],
  { providers }: Pick<RoomState, 'providers'>,
): readonly string[] {
  return entries.map(({ issuer }) => issuer).filter((issuer) => providers.includes(issuer))
}

function entriesOf(data: Buffer | undefined, code: ErrorCode): readonly IssuerTokenKeys[] {
  return data === undefined ? [] : decodeOr(code, tokenKeysCodec, data).entries
}

function encoded(entries: readonly IssuerTokenKeys[]): Buffer {
  return encode(tokenKeysCodec, { entries })
}
