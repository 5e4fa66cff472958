import type { FramedMessage } from '../model/exchange.ts'
import type { RoleCapability } from '../wire/mimi/role-capabilities.ts'
import { wrongEpoch } from './group.ts'
import { refusal } from './refusal.ts'
import { holds, isBarred, type RoomPolicy } from './room-policy.ts'
import type { RoomState } from './room-state.ts'

/** What a rule about messages looks at. */
export type MessageFrame = Pick<FramedMessage, 'epoch' | 'ciphertextBytes' | 'aadComponents'>

/**
 * Whether a participant with this role may send this message now: its role, and how old and how large
 * the room lets messages be. Throws `not-permitted`, and `wrong-epoch` for a message that is too old.
 * draft-ietf-mimi-room-policy-03 §7, §8.3
 */
export function checkMessage(
  { policy, epoch }: RoomState,
  roleIndex: number,
  message: MessageFrame,
): void {
  if (!roleAllows(policy, roleIndex, 'canSendMessage')) throw refusal('not-permitted', 'send')
  const { operational } = policy
  if (operational === undefined) return
  const { epochTolerance, padToSize } = operational.appMessagePolicy
  if (message.epoch + BigInt(epochTolerance) < epoch) throw wrongEpoch(epoch)
  if (padToSize > 1 && message.ciphertextBytes % padToSize !== 0)
    throw refusal('not-permitted', 'padding')
  const { safeAadTypes } = operational.forbiddenCapabilities
  if (message.aadComponents.some((type) => safeAadTypes.includes(type)))
    throw refusal('not-permitted', 'aad')
}

/** Whether a participant's role allows something that no handshake shows. */
export function roleAllows(
  policy: RoomPolicy,
  roleIndex: number,
  capability: RoleCapability,
): boolean {
  if (isBarred(policy, roleIndex)) return false
  return policy.roles === undefined || holds(policy.roles.get(roleIndex), capability)
}
