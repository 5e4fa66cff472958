import { suiteDigest } from '../metadata/suites.ts'
import { GatewayError } from '../model/errors.ts'
import type { EventKind } from '../model/events.ts'
import type { ConsentExchange, Exchange } from '../model/exchange.ts'
import { uriDomain } from '../model/ids.ts'
import { originDomain } from './identify.ts'
import type { PipelineParts } from './parts.ts'
import type { Passage } from './passage.ts'

/** What happened, where the exchange is about consent. */
export function consentEvent(exchange: Exchange): EventKind | undefined {
  if (!isConsent(exchange)) return undefined
  switch (exchange.change) {
    case 'request':
      return 'consent.requested'
    case 'grant':
      return 'consent.granted'
    case 'cancel':
      return 'consent.cancelled'
    case 'revoke':
      return 'consent.revoked'
  }
}

/**
 * Terms name a suite that we know, as we know it: nobody is asked to agree to what we cannot hold to.
 * Whether the user exists plays no part. Throws `suite-unavailable`.
 */
export function requireKnownTerms({ suites }: PipelineParts, exchange: Exchange): void {
  if (!isConsent(exchange) || exchange.terms === undefined) return
  const { suite: code, suiteDigest: digest } = exchange.terms
  const suite = suites.suiteByCode(code)
  if (suite === undefined || !suiteDigest(suite).equals(digest))
    throw new GatewayError('suite-unavailable', { facts: { reason: 'terms' } })
}

/**
 * Writes a consent exchange into the ledger, with the provider that vouches for it; anything else
 * leaves no entry. INVARIANT: whatever became of it, an entry is the same.
 */
export async function keepConsent(parts: PipelineParts, exchange: Exchange): Promise<void> {
  if (!isConsent(exchange)) return
  const { change, requester, target, room, terms } = exchange
  const provider = originDomain(exchange) ?? parts.peers.self
  const atMs = parts.clock()
  await parts.consents.record({ change, requester, target, room, terms, provider, atMs })
}

/**
 * Key material of our user is handed out within the terms to which the user agreed: until they end, and
 * for rooms of their suite. Where no terms were stated the delivery service alone decides.
 * Throws `not-permitted`, which looks like any other lack of consent.
 */
export function requireTerms(parts: PipelineParts, { exchange, suite }: Passage): void {
  if (exchange.operation !== 'keyMaterial' || uriDomain(exchange.target) !== parts.peers.self)
    return
  const standing = parts.consents.standing(exchange, parts.clock())
  if (standing.kind === 'expired') throw refusal('terms-expired')
  const terms = standing.kind === 'granted' ? standing.terms : undefined
  if (terms === undefined || exchange.room === undefined) return
  if (terms.suite !== suite.code || !terms.suiteDigest.equals(suiteDigest(suite)))
    throw refusal('terms-suite')
}

function isConsent(exchange: Exchange): exchange is ConsentExchange {
  return exchange.operation === 'requestConsent' || exchange.operation === 'updateConsent'
}

function refusal(reason: string): GatewayError {
  return new GatewayError('not-permitted', { facts: { reason } })
}
