import { GatewayError } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import { uriDomain, type MimiUri, type ProviderDomain } from '../model/ids.ts'

/**
 * Stage 1 of an exchange that came from a peer: may this provider say this at all?
 * Throws `actor-mismatch`. draft-ietf-mimi-protocol-06 §4.1, §5.2 to §5.8
 */
export function identify(exchange: Exchange, self: ProviderDomain): void {
  if (exchange.origin.kind === 'local') return
  const peer = exchange.origin.domain
  switch (exchange.operation) {
    case 'keyMaterial':
      // A hub relays what another provider's user asked for, but only for a room of its own.
      if (uriDomain(exchange.requester) === peer) return
      return requireThat(exchange.room !== undefined && uriDomain(exchange.room) === peer)
    case 'submitMessage':
      requireThat(uriDomain(exchange.room) === self)
      return requireThat(uriDomain(exchange.sender) === peer)
    case 'update':
      return requireThat(uriDomain(exchange.room) === self)
    case 'groupInfo':
      requireThat(uriDomain(exchange.room) === self)
      return requireThat(exchange.requester === undefined || isOf(exchange.requester, peer))
    case 'notify':
      return requireThat(uriDomain(exchange.room) === peer)
    case 'requestConsent':
      return requireThat(isOf(exchange.requester, peer) && isOf(exchange.target, self))
    case 'updateConsent':
      return requireThat(isOf(exchange.target, peer) && isOf(exchange.requester, self))
    case 'identifierQuery':
      return requireThat(exchange.domain === self)
    case 'proxyDownload':
      // It names nobody: neither a user nor a room.
      return
    case 'reportAbuse':
      requireThat(uriDomain(exchange.room) === self)
      return requireThat(exchange.reporter === undefined || isOf(exchange.reporter, peer))
  }
}

/** The provider that an exchange came from; undefined for our own delivery service. */
export function originDomain(exchange: Exchange): ProviderDomain | undefined {
  return exchange.origin.kind === 'peer' ? exchange.origin.domain : undefined
}

/** What stands in the path of an exchange. */
export function targetOf(exchange: Exchange): string {
  switch (exchange.operation) {
    case 'keyMaterial':
      return exchange.target
    case 'requestConsent':
      return uriDomain(exchange.target)
    case 'updateConsent':
      return uriDomain(exchange.requester)
    case 'identifierQuery':
      return exchange.domain
    case 'proxyDownload':
      return exchange.url.text
    case 'update':
    case 'submitMessage':
    case 'notify':
    case 'groupInfo':
    case 'reportAbuse':
      return exchange.room
  }
}

function isOf(user: MimiUri, provider: ProviderDomain): boolean {
  return uriDomain(user) === provider
}

function requireThat(holds: boolean): void {
  if (!holds) throw new GatewayError('actor-mismatch')
}
