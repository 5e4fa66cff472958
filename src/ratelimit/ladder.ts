import type { Exchange, Origin } from '../model/exchange.ts'
import type { LimitName } from './limits.ts'

/** One budget that an exchange takes from, and whose it is. */
export interface Rung {
  readonly limit: LimitName
  /** What the bucket's key is made of. */
  readonly parts: readonly string[]
}

/**
 * The budgets of an exchange, widest first: peer, peer and room, room and sender, then the
 * operation's own. Exchanges of our own delivery service have no peer rungs. Never an address of a
 * client: gateways see peers only.
 */
export function rungsOf(exchange: Exchange): readonly Rung[] {
  const peer = exchange.origin.kind === 'peer' ? exchange.origin.domain : LOCAL
  const rungs: Rung[] = []
  if (peer !== LOCAL) {
    rungs.push({ limit: 'peer', parts: [peer] })
    if ('room' in exchange && exchange.room !== undefined)
      rungs.push({ limit: 'peerRoom', parts: [peer, exchange.room] })
  }
  rungs.push(...operationRungs(exchange, peer))
  return rungs
}

/** The budget that refusals cost, or none for our own delivery service. */
export function attemptsRung(origin: Origin): Rung | undefined {
  return origin.kind === 'peer' ? { limit: 'attempts', parts: [origin.domain] } : undefined
}

function operationRungs(exchange: Exchange, peer: string): readonly Rung[] {
  switch (exchange.operation) {
    case 'submitMessage':
      return [{ limit: 'roomSender', parts: [exchange.room, exchange.sender] }]
    case 'keyMaterial':
      // A requester with many pseudonyms is one peer to the target's stock of KeyPackages.
      return [
        { limit: 'keyMaterialTarget', parts: [peer, exchange.target] },
        { limit: 'keyMaterial', parts: [exchange.requester, exchange.target] },
      ]
    case 'groupInfo':
      return [{ limit: 'groupInfo', parts: [exchange.room] }]
    case 'identifierQuery':
      // Guessing handles never searches twice for one value, so the peer has a budget as well.
      return [
        { limit: 'identifierQueryPeer', parts: [peer] },
        { limit: 'identifierQuery', parts: [peer, exchange.valueDigest.toString('base64')] },
      ]
    case 'requestConsent':
    case 'updateConsent':
      return [{ limit: 'consent', parts: [exchange.requester, exchange.target] }]
    case 'reportAbuse':
      return [{ limit: 'reportAbuse', parts: [peer, exchange.room] }]
    case 'proxyDownload':
      return [{ limit: 'proxyDownload', parts: [peer] }]
    case 'update':
    case 'notify':
      return []
  }
}

/** Stands for our own delivery service; no domain is empty. */
const LOCAL = ''
