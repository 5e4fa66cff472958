import { encode } from '../../wire/codec.ts'
import { assetPolicyCodec, type AssetPolicy } from '../../wire/mimi/asset-policy.ts'
import {
  operationalParametersCodec,
  type ExtendedCapabilities,
  type OperationalParameters,
} from '../../wire/mimi/operational-policy.ts'
import { roleCapabilities, type RoleCapability } from '../../wire/mimi/role-capabilities.ts'
import {
  baseRoomPolicyCodec,
  preAuthDataCodec,
  roleDataCodec,
  type BaseRoomPolicy,
  type PreAuthRoleEntry,
  type Role,
} from '../../wire/mimi/room-policy.ts'
import { componentIds, type ComponentData } from '../../wire/mls/app-data.ts'
import { credentialType, type Credential } from '../../wire/mls/credential.ts'

/** The policy of a new room; what is left out the room does not have. draft-ietf-mimi-room-policy-03 */
export interface RoomPolicyOptions {
  readonly roles?: readonly Role[]
  readonly preauthorized?: readonly PreAuthRoleEntry[]
  readonly base?: BaseRoomPolicy
  readonly operational?: OperationalParameters
  readonly assets?: AssetPolicy
}

/** The GroupContext components of a policy. */
export function policyComponents(policy: RoomPolicyOptions): readonly ComponentData[] {
  const { roles, preauthorized, base, operational, assets } = policy
  const components: [number, Buffer | undefined][] = [
    [
      componentIds.operationalPolicy,
      operational && encode(operationalParametersCodec, operational),
    ],
    [componentIds.rolesList, roles && encode(roleDataCodec, { roles })],
    [
      componentIds.preauthList,
      preauthorized && encode(preAuthDataCodec, { preauthorizedEntries: preauthorized }),
    ],
    [componentIds.baseRoomPolicy, base && encode(baseRoomPolicyCodec, base)],
    [componentIds.assetPolicy, assets && encode(assetPolicyCodec, assets)],
  ]
  return components.flatMap(([componentId, data]) =>
    data === undefined ? [] : [{ componentId, data }],
  )
}

/** A role by its capabilities' names, with no bounds on how many hold it. */
export function roleOf(
  roleIndex: number,
  roleName: string,
  { can = [], changes = {} }: RoleOptions = {},
): Role {
  return {
    roleIndex,
    roleName,
    roleDescription: '',
    roleCapabilities: can.map((name) => roleCapabilities[name]),
    minimumParticipantsConstraint: 0,
    maximumParticipantsConstraint: undefined,
    minimumActiveParticipantsConstraint: 0,
    maximumActiveParticipantsConstraint: undefined,
    authorizedRoleChanges: Object.entries(changes).map(([from, targets]) => ({
      fromRoleIndex: Number(from),
      targetRoleIndexes: targets,
    })),
  }
}

export interface RoleOptions {
  readonly can?: readonly RoleCapability[]
  /** To which roles its holder may take somebody, by the role that this somebody has; 0 is none. */
  readonly changes?: Readonly<Record<number, readonly number[]>>
}

/** Lets whoever has this very identity act with a role without being a participant, such as the hub. */
export function preauthorize(credential: Credential, targetRole: Role): PreAuthRoleEntry {
  const identity =
    credential.kind === 'basic'
      ? credential.identity
      : credential.kind === 'pseudonymous'
        ? credential.userPseudonym
        : Buffer.alloc(0)
  const claimId = { credentialType: credentialType(credential), id: Buffer.from('identity') }
  return { claimset: [{ claimId, claimValue: identity }], targetRole }
}

/** Operational parameters that demand nothing, with some of them replaced. */
export function operationalParameters(
  changes: Partial<OperationalParameters> = {},
): OperationalParameters {
  return {
    mandatoryCapabilities: NO_CAPABILITIES,
    defaultCapabilities: NO_CAPABILITIES,
    forbiddenCapabilities: NO_CAPABILITIES,
    handshakeFormats: [PUBLIC_MESSAGE],
    externalProposalAllowed: true,
    externalCommitAllowed: true,
    pendingProposalPolicy: { pendingProposalStrategy: 'unspecified' },
    leafNodeUpdateTime: ANY_TIME,
    appMessagePolicy: { epochTolerance: 1, padToSize: 0, maxGenerationsSkipahead: 1_000 },
    maxKpLifetime: 0n,
    maxCredentialLifetime: 0n,
    resumptionPskLifetime: 0n,
    senderNonceKeypairLifetime: ANY_TIME,
    maxKeypairs: 0,
    bufferIncomingMessageTime: ANY_TIME,
    maxBufferedMessages: 0,
    ...changes,
  }
}

/** A base policy that limits nothing, with some of it replaced. */
export function baseRoomPolicy(changes: Partial<BaseRoomPolicy> = {}): BaseRoomPolicy {
  return {
    fixedMembership: false,
    parentDependant: false,
    parentRoom: [],
    multiDevice: true,
    maxClients: undefined,
    maxUsers: undefined,
    pseudonymsAllowed: true,
    persistentRoom: false,
    discoverable: false,
    policyComponentIds: [],
    ...changes,
  }
}

const PUBLIC_MESSAGE = 1
const ANY_TIME = { minimumTime: 0n, defaultTime: 0n, maximumTime: 0n }
const NO_CAPABILITIES: ExtendedCapabilities = {
  versions: [],
  cipherSuites: [],
  extensions: [],
  proposals: [],
  credentials: [],
  wireFormats: [],
  componentIds: [],
  safeAadTypes: [],
  mediaTypes: [],
  contentTypes: [],
}
