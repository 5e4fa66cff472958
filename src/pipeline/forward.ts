import { uriDomain, type ProviderDomain } from '../model/ids.ts'
import type { RawResponse } from '../model/adapter.ts'
import type { Exchange } from '../model/exchange.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { attestedHeader } from '../metadata/attested.ts'
import { agreedCall } from '../peers/agreed-call.ts'
import { admit } from './admit.ts'
import { GatewayError } from '../model/errors.ts'
import { isPending } from '../model/eventually.ts'
import { requirePadding } from './message-forms.ts'
import { observedOf } from './observed.ts'
import { requireNoDescription } from './room-description.ts'
import { consentEvent, keepConsent, requireKnownTerms } from './consent.ts'
import { carriedByRequest } from './carried.ts'
import { counted, type Reader } from './count.ts'
import { disclose, type Observed } from './disclose.ts'
import { targetOf } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import { agreementToName, openPassage, type Passage } from './passage.ts'
import { answerForPinnedRoom } from './pinned-room.ts'
import { record, shownStatus } from './record.ts'
import { noteSent } from './relay.ts'
import { rememberSubmitter } from './remember-submitter.ts'
import { showRequest } from './show-request.ts'

/**
 * What our own users, or our delivery service as a hub, ask of another provider. Optional fields that
 * the plan withholds are taken out before a byte leaves; the answer passes as it came, but for an
 * exhausted budget: that is a problem of ours with the other provider's Retry-After.
 * Throws `disclosure-refused`, `rate-limited` and what `agreedCall` throws.
 */
export async function forward(
  parts: PipelineParts,
  { exchange, context }: { readonly exchange: Exchange; readonly context: RequestContext },
  peer: ProviderDomain,
): Promise<ListenerResponse> {
  await askFirst(parts, peer)
  const passage = openPassage(parts, { exchange, context }, peer)
  const admitted = admit(parts, passage)
  const policies = isPending(admitted) ? await admitted : admitted
  const audience = audienceOf(exchange, peer)
  const plan = disclose(passage, audience, observedIn(parts, passage))
  requireNoDescription(parts, passage, { plan, audience })
  if (exchange.operation === 'submitMessage')
    requirePadding(passage, { plan, audience }, exchange.message)
  requireKnownTerms(parts, exchange)
  const shown = showRequest(parts, passage, plan)
  const room = 'room' in exchange ? exchange.room : undefined
  const suite = room === undefined ? undefined : passage.suite.name
  const observed = carriedByRequest(parts, shown, passage)
  const sending = { peer, operation: shown.operation, audience, plan, observed }
  await rememberSubmitter(parts, exchange, context)
  const { status, bytes, retryAfterMs, challenge, reportReceipt } = await agreedCall(
    {
      call: (call) =>
        counted(parts, { ...sending, agreement: call.agreement }, () =>
          parts.peerClients.call(call),
        ),
      refresh: parts.refreshPeer,
      agreement: (refused) => agreementToName(parts, { peer, room, suite }, refused),
    },
    {
      peer,
      operation: shown.operation,
      target: targetOf(shown),
      bytes: shown.bytes,
      suite,
      compliance: attestedHeader(parts.transforms.showAttested(passage.attested, plan.request)),
      senderProof: exchange.operation === 'submitMessage' ? context.senderProof : undefined,
      signal: context.signal,
    },
  )
  if (status === TOO_MANY_REQUESTS)
    throw new GatewayError('rate-limited', retryAfterMs === undefined ? {} : { retryAfterMs })
  const recorded = shownStatus(parts, passage, { status, bytes })
  const accepted = recorded >= 200 && recorded < 300
  if (accepted || status === NOT_FOUND) await keepConsent(parts, exchange)
  if (accepted) noteAccepted(parts, passage, { status, bytes })
  const event = consentEvent(exchange) ?? 'exchange.accepted'
  record(parts, passage, {
    kind: accepted ? event : 'exchange.refused',
    outcome: String(recorded),
    policies,
  })
  const answer = answerForPinnedRoom(parts, exchange, { status, bytes })
  return {
    ...answer,
    headers: { reportReceipt, ...(challenge !== undefined && { authenticate: challenge }) },
  }
}

/** For our own relay log. An answer that nobody can read is our client's to refuse. */
function noteAccepted(parts: PipelineParts, passage: Passage, response: RawResponse): void {
  const { exchange } = passage
  if (exchange.operation !== 'submitMessage') return
  try {
    noteSent(parts, { ...passage, exchange }, parts.adapter.parseAnswer(exchange, response))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
  }
}

/**
 * Who asks to join a room of which we were told nothing yet can't be held to its suite by us: its hub
 * knows the suite, and does.
 */
function observedIn(parts: PipelineParts, { exchange, context, suite }: Passage): Observed {
  const isFirst =
    exchange.operation === 'groupInfo' &&
    (context.suite ?? parts.roomSuites.find(exchange.room)) === undefined
  return isFirst ? {} : observedOf(exchange, suite)
}

/** Where nothing passes without an agreement, the first exchange waits until there can be one. */
async function askFirst(parts: PipelineParts, peer: ProviderDomain): Promise<void> {
  const profile = parts.peers.find(peer)
  if (profile?.requireAgreement === true && profile.allow && !parts.agreements.holds(peer))
    await parts.refreshPeer(peer)
}

function audienceOf(exchange: Exchange, peer: ProviderDomain): Reader {
  switch (exchange.operation) {
    case 'keyMaterial':
      return exchange.room !== undefined && uriDomain(exchange.room) === peer ? 'hub' : 'target'
    case 'requestConsent':
    case 'updateConsent':
    case 'identifierQuery':
      return 'target'
    case 'notify':
      return 'follower'
    case 'update':
    case 'submitMessage':
    case 'groupInfo':
    case 'reportAbuse':
    case 'proxyDownload':
      return 'hub'
  }
}

/** An unknown user: the same entry in the ledger as for any other. */
const NOT_FOUND = 404
const TOO_MANY_REQUESTS = 429
