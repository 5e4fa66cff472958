import { decode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import { tokenKeysCodec } from '../../wire/mimi/token-keys.ts'
import { componentData, componentIds } from '../../wire/mls/app-data.ts'
import type { Extension } from '../../wire/mls/extension.ts'
import type { Proposal } from '../../wire/mls/proposal.ts'
import { ClientError } from '../errors.ts'
import { appDataDictionary } from '../mls/dictionary.ts'

/**
 * The ids of an issuer's keys that a group's members have agreed on, in hexadecimal; undefined where
 * the group says nothing of this issuer. Throws `unpinned-key` where nobody can read it.
 */
export function pinnedTokenKeys(
  extensions: readonly Extension[],
  issuer: string,
): ReadonlySet<string> | undefined {
  const data = componentData(appDataDictionary(extensions), componentIds.tokenKeys)
  if (data === undefined) return undefined
  const ofIssuer = readTokenKeys(data).filter((entry) => entry.issuer === issuer)
  if (ofIssuer.length === 0) return undefined
  return new Set(ofIssuer.flatMap(({ keyIds }) => keyIds.map((keyId) => keyId.toString('hex'))))
}

/** Whether a proposal is about the keys that a group pins. */
export function changesTokenKeys(proposal: Proposal): boolean {
  return proposal.kind === 'app-data-update' && proposal.componentId === componentIds.tokenKeys
}

function readTokenKeys(data: Buffer) {
  try {
    return decode(tokenKeysCodec, data).entries
  } catch (cause) {
    if (cause instanceof WireError) throw new ClientError('unpinned-key', { cause })
    throw cause
  }
}
