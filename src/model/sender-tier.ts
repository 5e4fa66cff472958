/**
 * How the sender of a message shows itself, from the most telling on: `identified` by its own URI,
 * `room-pseudonym` by one pseudonym per room (user_pseudonym of draft-ietf-mimi-protocol-06 §6.1),
 * `epoch-pseudonym` by a certificate per room and day, `message-token` by one per message.
 */
export const senderTiers = [
  'identified',
  'room-pseudonym',
  'epoch-pseudonym',
  'message-token',
] as const
export type SenderTier = (typeof senderTiers)[number]
