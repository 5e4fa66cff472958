import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import type { Exchange } from '../model/exchange.ts'
import { uriDomain } from '../model/ids.ts'
import type { RequestContext } from '../model/handle.ts'
import type { PipelineParts } from './parts.ts'

/**
 * For a message of one of our own users that its hub cannot name: whose it is, sealed under the
 * message's franking tag, so that a strike can be answered at home. Durable once it resolves.
 */
export async function rememberSubmitter(
  { submitters, clock }: Pick<PipelineParts, 'submitters' | 'clock'>,
  exchange: Exchange,
  { account }: Pick<RequestContext, 'account'>,
): Promise<void> {
  if (exchange.operation !== 'submitMessage' || exchange.origin.kind !== 'local') return
  const { sender, message } = exchange
  if (epochPseudonymId(sender) === undefined || account === undefined) return
  if (message.frankingTag === undefined) return
  const submission = { hub: uriDomain(exchange.room), frankingTag: message.frankingTag }
  await submitters.remember(submission, account, clock())
}
