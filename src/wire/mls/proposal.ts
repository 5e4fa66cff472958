import {
  enumeration,
  nothing,
  opaque,
  select,
  struct,
  uint16,
  uint32,
  uint64,
  uint8,
  type Codec,
  type Decoded,
} from '../codec.ts'
import { appDataUpdateCodec, appEphemeralCodec } from './app-data.ts'
import { extensionsCodec } from './extension.ts'
import { keyPackageCodec } from './key-package.ts'
import { leafNodeCodec } from './leaf-node.ts'
import { groupIdBytesMax, hashBytesMax, hpkeOutputBytesMax } from './limits.ts'

/** Numbers of RFC 9420 §17.4 and draft-ietf-mls-extensions. */
export const proposalTypes = {
  add: 1,
  update: 2,
  remove: 3,
  'pre-shared-key': 4,
  reinit: 5,
  'external-init': 6,
  'group-context-extensions': 7,
  'app-data-update': 8,
  'app-ephemeral': 9,
  'self-remove': 10,
} as const
export type ProposalKind = keyof typeof proposalTypes

/** A proposal has no length on the wire, so a type that is not known ends the parse. */
const proposalTypeCodec: Codec<ProposalKind> = enumeration(
  proposalTypes,
  uint16,
  'unknown-proposal-type',
)

/** `PreSharedKeyID` of RFC 9420 §8.4 */
export const preSharedKeyIdCodec = struct({
  psk: select(enumeration({ external: 1, resumption: 2 }), {
    external: struct({ pskId: opaque(groupIdBytesMax) }),
    resumption: struct({
      usage: enumeration({ application: 1, reinit: 2, branch: 3 }),
      pskGroupId: opaque(groupIdBytesMax),
      pskEpoch: uint64,
    }),
  }),
  nonce: opaque(hashBytesMax),
})

/** RFC 9420 §12.1, with the proposals of draft-ietf-mls-extensions. Codes: `unknown-proposal-type`. */
export const proposalCodec = select(proposalTypeCodec, {
  add: struct({ keyPackage: keyPackageCodec }),
  update: struct({ leafNode: leafNodeCodec }),
  remove: struct({ removed: uint32 }),
  'pre-shared-key': struct({ id: preSharedKeyIdCodec }),
  reinit: struct({
    groupId: opaque(groupIdBytesMax),
    version: uint16,
    cipherSuite: uint16,
    extensions: extensionsCodec,
  }),
  'external-init': struct({ kemOutput: opaque(hpkeOutputBytesMax) }),
  'group-context-extensions': struct({ extensions: extensionsCodec }),
  'app-data-update': appDataUpdateCodec,
  'app-ephemeral': appEphemeralCodec,
  'self-remove': nothing,
})
export type Proposal = Decoded<typeof proposalCodec>

/** `ProposalOrRef` of RFC 9420 §12.4 */
export const proposalOrRefCodec = select(enumeration({ proposal: 1, reference: 2 }, uint8), {
  proposal: struct({ proposal: proposalCodec }),
  reference: struct({ reference: opaque(hashBytesMax) }),
})
