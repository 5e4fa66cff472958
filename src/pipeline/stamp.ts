import type { Stamp } from '../franking/stamp-store.ts'
import { GatewayError } from '../model/errors.ts'
import type { PipelineParts } from './parts.ts'
import type { UnheardMessage } from './unheard-messages.ts'

/** What the hub says of an accepted message. Throws `room-unknown`, `key-unavailable`. */
export function franked(
  parts: PipelineParts,
  { room, digest, sender, frankingTag }: UnheardMessage,
  { timestampMs, sequence }: Pick<Stamp, 'timestampMs' | 'sequence'>,
): Stamp {
  const followed = parts.rooms.find(room)
  if (followed === undefined) throw new GatewayError('room-unknown')
  const frank = parts
    .frankingAgent(followed.ciphersuite)
    .stamp({ room, sender, frankingTag, timestampMs })
  return { room, digest, timestampMs, frank, sequence }
}
