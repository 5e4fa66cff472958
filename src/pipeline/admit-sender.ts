import { GatewayError } from '../model/errors.ts'
import type { SubmitMessageExchange } from '../model/exchange.ts'
import { uriDomain } from '../model/ids.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import { admit } from './admit.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'
import { pinTokenKeys } from './pin-token-keys.ts'
import { presentedTier } from './presented-tier.ts'
import { requireWithinLimits } from './within-limits.ts'
import {
  pseudonymsMax,
  requireMaySend,
  requireProviderMaySend,
  roomAuthKeysToProve,
} from './room-policy.ts'

export interface AdmittedMessage {
  readonly tier: SenderTier
  /** The deciding policies. */
  readonly policies: readonly string[]
}

/**
 * Stages 2 and 3 for a message in a room of ours, in the tier in which its sender shows itself: a
 * participant by its entry in the list, anybody else by a certificate that names nobody, which
 * `proveSender` checks after this. Throws `not-admitted`, `rate-limited`, `room-unknown`,
 * `not-a-participant`, `not-permitted`, `wrong-epoch`, `sender-token-required`.
 */
export async function admitSender(
  parts: PipelineParts,
  passage: Passage<SubmitMessageExchange>,
): Promise<AdmittedMessage> {
  const { exchange, suite } = passage
  const presented = presentedTier(exchange, suite)
  if (presented !== 'epoch-pseudonym') {
    requireMaySend(parts, exchange)
    return { tier: presented, policies: await admitNamed(parts, passage, presented) }
  }
  requireProviderMaySend(parts, exchange)
  const tier = unnamedTier(passage)
  return { tier, policies: await admit(parts, passage, tier) }
}

/**
 * Checks what an unnamed sender proves, after everything that costs less; its token is spent then.
 * `digest` is the SHA-256 of the message. Throws what `UnnamedSenders.prove` throws.
 */
export async function proveSender(
  parts: PipelineParts,
  { exchange, context }: Passage<SubmitMessageExchange>,
  { tier, digest }: { readonly tier: SenderTier; readonly digest: Buffer },
): Promise<void> {
  if (!UNNAMED.has(tier)) return
  const { room, sender, origin } = exchange
  const provider = uriDomain(sender)
  const { limiter, clock } = parts
  // Who shows no proof is told what to come with, and has nothing verified.
  if (context.senderProof !== undefined)
    requireWithinLimits(context, await limiter.mayVerify(origin, clock()))
  try {
    await parts.senders.prove({
      room,
      sender,
      provider,
      messageHash: digest,
      proof: context.senderProof,
      once: tier === 'message-token',
      pseudonymsMax: pseudonymsMax(parts, { room, provider }),
      roomAuthKeys: roomAuthKeysToProve(parts, room),
      takeAdmission: async () =>
        requireWithinLimits(context, await limiter.mayAdmit({ provider, room }, clock())),
    })
  } catch (error) {
    if (asksForToken(error)) pinTokenKeys(parts, room, provider)
    throw error
  }
  // Not before: whoever names a pseudonym without being it must not silence it.
  requireWithinLimits(context, await limiter.takeProven(exchange, clock(), tier))
}

/**
 * A sender that policies do not want by name is told to come without one, where that is of use. It pays
 * what its message would have cost: that answer is charged to no attempts.
 */
async function admitNamed(
  parts: PipelineParts,
  passage: Passage<SubmitMessageExchange>,
  tier: SenderTier,
): Promise<readonly string[]> {
  try {
    return await admit(parts, passage, tier)
  } catch (error) {
    const refused = error instanceof GatewayError && error.code === 'not-admitted'
    if (!refused || !acceptableTiers(passage).some((each) => UNNAMED.has(each))) throw error
    const { exchange, context } = passage
    requireWithinLimits(context, await parts.limiter.check(exchange, parts.clock(), tier))
    const { room, sender } = exchange
    const once = unnamedTier(passage) === 'message-token'
    const issuer = uriDomain(sender)
    const required = await parts.senders.required({ room, issuer, once })
    if (asksForToken(required)) pinTokenKeys(parts, room, issuer)
    throw required
  }
}

/** A certificate for the day where policies take one, or else for this message only. */
function unnamedTier(passage: Passage<SubmitMessageExchange>): SenderTier {
  const tiers = acceptableTiers(passage)
  const onlyOnce = !tiers.includes('epoch-pseudonym') && tiers.includes('message-token')
  return onlyOnce ? 'message-token' : 'epoch-pseudonym'
}

function acceptableTiers({ exchange, decisions, peer, room }: Passage): readonly SenderTier[] {
  return decisions.acceptableTiers({
    peer,
    room,
    operation: exchange.operation,
    direction: exchange.direction,
    local: exchange.origin.kind === 'local',
  })
}

function asksForToken(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'sender-token-required'
}

const UNNAMED: ReadonlySet<SenderTier> = new Set(['epoch-pseudonym', 'message-token'])
