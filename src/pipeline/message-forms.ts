import { suiteEntry } from '../metadata/suite.ts'
import type { FramedMessage } from '../model/exchange.ts'
import { componentIds } from '../wire/mls/app-data.ts'
import { showsTooMuch, type Disclosed, type Observed } from './disclose.ts'
import type { Passage } from './passage.ts'

/** What the frame of an application message shows, to whoever gets it. */
export function observedOfFrame({ frankingTag, aadComponents }: FramedMessage): Observed {
  return {
    'message.frankingTag': frankingTag === undefined ? 'absent' : 'exact',
    'message.id': aadComponents.includes(componentIds.messageId) ? 'exact' : 'absent',
  }
}

/**
 * Where sizes are bucketed only padded messages pass: the ciphertext is a multiple of the width.
 * Throws `disclosure-refused`.
 */
export function requirePadding(
  passage: Passage,
  { plan, audience }: Disclosed,
  { ciphertextBytes }: FramedMessage,
): void {
  const cell = plan.request['message.size']
  if (cell === undefined || cell.most === 'exact') return
  const width = suiteEntry(plan.suite, 'message.size', audience)?.width ?? 1
  if (ciphertextBytes % width !== 0)
    throw showsTooMuch(passage, audience, { field: 'message.size', shown: 'exact' })
}
