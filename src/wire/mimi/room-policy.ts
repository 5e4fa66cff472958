import {
  bool,
  opaque,
  optional,
  struct,
  text,
  uint16,
  uint32,
  vector,
  type Decoded,
} from '../codec.ts'
import { componentCountMax, identityBytesMax } from '../mls/limits.ts'
import { uriCodec } from './room-metadata.ts'

/** Roles of one room, and entries of its preauth_list. */
const roleCountMax = 256
const capabilityCountMax = 1_024
/** Octets of a role's name or description. */
const roleTextBytesMax = 4_096
const claimCountMax = 64
const claimBytesMax = identityBytesMax
const policyBytesMax = 1_048_576

/** Role indices; each names a role of the room's roles_list. */
const roleIndexes = vector(uint32, { countMax: roleCountMax, bytesMax: 4 * roleCountMax })

/** To which roles the holder may take somebody whose role is `fromRoleIndex`. draft-ietf-mimi-room-policy-03 §3 */
export const singleSourceRoleChangeTargetsCodec = struct({
  fromRoleIndex: uint32,
  targetRoleIndexes: roleIndexes,
})

/** One role with what its holders may do. `optional uint32` has a presence octet. draft-ietf-mimi-room-policy-03 §3 */
export const roleCodec = struct({
  roleIndex: uint32,
  roleName: text(roleTextBytesMax),
  roleDescription: text(roleTextBytesMax),
  roleCapabilities: vector(uint16, {
    countMax: capabilityCountMax,
    bytesMax: 2 * capabilityCountMax,
  }),
  minimumParticipantsConstraint: uint32,
  maximumParticipantsConstraint: optional(uint32),
  minimumActiveParticipantsConstraint: uint32,
  maximumActiveParticipantsConstraint: optional(uint32),
  authorizedRoleChanges: vector(singleSourceRoleChangeTargetsCodec, {
    countMax: roleCountMax,
    bytesMax: policyBytesMax,
  }),
})
export type Role = Decoded<typeof roleCodec>

/** The GroupContext component 0x0025 `roles_list`, and a RoleUpdate: a full replacement. draft-ietf-mimi-room-policy-03 §3 */
export const roleDataCodec = struct({
  roles: vector(roleCodec, { countMax: roleCountMax, bytesMax: policyBytesMax }),
})

/** A property that a requester's credential must have. draft-ietf-mimi-room-policy-03 §4 */
export const claimCodec = struct({
  claimId: struct({ credentialType: uint16, id: opaque(claimBytesMax) }),
  claimValue: opaque(claimBytesMax),
})

/** Who has all claims may take the role. As printed, it carries the whole Role. draft-ietf-mimi-room-policy-03 §4 */
export const preAuthRoleEntryCodec = struct({
  claimset: vector(claimCodec, { countMax: claimCountMax, bytesMax: policyBytesMax }),
  targetRole: roleCodec,
})
export type PreAuthRoleEntry = Decoded<typeof preAuthRoleEntryCodec>

/** The GroupContext component 0x0026 `preauth_list`, and a PreAuthUpdate: a full replacement. draft-ietf-mimi-room-policy-03 §4 */
export const preAuthDataCodec = struct({
  preauthorizedEntries: vector(preAuthRoleEntryCodec, {
    countMax: roleCountMax,
    bytesMax: policyBytesMax,
  }),
})

/** The GroupContext component 0x0027 `base_room_policy`, and its update: a full replacement. draft-ietf-mimi-room-policy-03 §5 */
export const baseRoomPolicyCodec = struct({
  fixedMembership: bool,
  parentDependant: bool,
  /** Empty, or the one room that this one depends on. */
  parentRoom: vector(uriCodec, { countMax: 1 }),
  multiDevice: bool,
  maxClients: optional(uint32),
  maxUsers: optional(uint32),
  pseudonymsAllowed: bool,
  persistentRoom: bool,
  discoverable: bool,
  policyComponentIds: vector(uint16, {
    countMax: componentCountMax,
    bytesMax: 2 * componentCountMax,
  }),
})
export type BaseRoomPolicy = Decoded<typeof baseRoomPolicyCodec>
