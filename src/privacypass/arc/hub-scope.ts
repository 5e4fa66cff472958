import { createHash } from 'node:crypto'
import type { MimiUri, ProviderDomain } from '../../model/ids.ts'
import { encode, struct, text } from '../../wire/codec.ts'
import { redemptionContext } from '../pseudonym-certificate.ts'
import { seconds } from '../seconds.ts'
import type { TokenChallenge } from '../token-challenge.ts'
import type { ArcChallenge } from './arc-messages.ts'

/** Octets that are hashed to the context of a credential. */
const credentialContextCodec = struct({ hub: text(253), month: text(7) })

/** Octets that are hashed to the context of the token for which a credential is given. */
const entryContextCodec = struct({ hub: text(253), month: text(7), epochStart: seconds })

/** The calendar month (UTC) of an epoch, such as `2026-11`: a credential is good for one. */
export function credentialMonth(epochStart: number): string {
  return new Date(epochStart * 1_000).toISOString().slice(0, 7)
}

/** What a credential of a hub is asked for in a month: good for all of its rooms. */
export function credentialChallenge(hub: ProviderDomain, epochStart: number): ArcChallenge {
  return {
    tokenType: 'arc',
    issuerName: hub,
    redemptionContext: Buffer.alloc(0),
    originInfo: hub,
    credentialContext: credentialContext(hub, epochStart),
  }
}

/** What a credential is presented for: one room in one epoch. */
export function presentationChallenge(
  { hub, room }: { readonly hub: ProviderDomain; readonly room: MimiUri },
  epochStart: number,
): ArcChallenge {
  return {
    ...credentialChallenge(hub, epochStart),
    redemptionContext: redemptionContext({ hub, room }, epochStart),
  }
}

/** The token of type 0x0002 for which the hub gives a credential: of this epoch, and of no room. */
export function entryChallenge(
  { hub, issuer }: { readonly hub: ProviderDomain; readonly issuer: ProviderDomain },
  epochStart: number,
): TokenChallenge {
  const context = { hub, month: credentialMonth(epochStart), epochStart }
  return {
    tokenType: 'blindRsa2048',
    issuerName: issuer,
    redemptionContext: createHash('sha256')
      .update('postern-arc-entry-v1')
      .update(encode(entryContextCodec, context))
      .digest(),
    originInfo: hub,
  }
}

function credentialContext(hub: ProviderDomain, epochStart: number): Buffer {
  const context = { hub, month: credentialMonth(epochStart) }
  return createHash('sha256')
    .update('postern-arc-credential-v1')
    .update(encode(credentialContextCodec, context))
    .digest()
}
