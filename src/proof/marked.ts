import { decode, encode, spanned } from '../wire/codec.ts'
import { keyMaterialResponseCodec, type KeyMaterialResponse } from '../wire/mimi/key-material.ts'
import { keyPackageCodec } from '../wire/mls/key-package.ts'
import type { FieldName } from '../model/metadata.ts'
import type { Scripted } from './capture-server.ts'
import type { Actor, Cast } from './cast.ts'
import type { Marks } from './scenario.ts'

/** Who somebody is: name or pseudonym, client and key of a credential. */
export function markIdentity(marks: Marks, { user, identity }: Actor, field: FieldName): void {
  const { credential, signer } = identity
  const form = credential.kind === 'pseudonymous' ? 'pseudonym-room' : 'exact'
  marks.put(`${field} user`, field, { value: user, form })
  marks.put('signature key', 'sender.client', { value: signer.publicKey, form })
  if (credential.kind === 'pseudonymous')
    marks.put('client', 'sender.client', { value: credential.clientPseudonym, form })
}

/** One client of a keyMaterial answer. */
export type MarkedClient = KeyMaterialResponse['clients'][number]

/** Clients that can be added, each with its own name and keys, and marks in their capabilities. */
export function markedClients(
  cast: Cast,
  provider: string,
  { marks, count = 5 }: { readonly marks: Marks; readonly count?: number },
): readonly MarkedClient[] {
  const owner = cast.actor(provider, 'owner')
  return Array.from({ length: count }, (_, at): MarkedClient => {
    const clientUri = `mimi://${provider}/d/${marks.word(`client ${at}`, 'client.list', 'bucket')}`
    return { clientStatus: 'success', clientUri, keyPackage: markedKeyPackage(cast, owner, marks) }
  })
}

/** A KeyPackage with marks; whoever may see some of a list may see each of those. */
export function markedKeyPackage(cast: Cast, owner: Actor, marks: Marks) {
  const mark = marks.octets('capabilities', 'client.capabilities', 24)
  const { bytes, keyPackage } = cast.keyPackage(owner, mark)
  marks.put('init key', 'client.list', { value: keyPackage.initKey, form: 'bucket' })
  return decode(spanned(keyPackageCodec), bytes)
}

export function keyMaterialAnswer(
  userStatus: KeyMaterialResponse['userStatus'],
  userUri: string,
  clients: readonly MarkedClient[] = [],
): Scripted {
  const answer = { protocol: 'mls10', userStatus, userUri, clients: [...clients] } as const
  return { status: 200, body: encode(keyMaterialResponseCodec, answer) }
}
