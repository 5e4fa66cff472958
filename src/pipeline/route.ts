import { GatewayError } from '../model/errors.ts'
import type { Exchange } from '../model/exchange.ts'
import { uriDomain, type ProviderDomain } from '../model/ids.ts'
import { targetOf } from './identify.ts'
import { parseProviderDomain } from '../model/ids.ts'

export type Route =
  { readonly kind: 'own' } | { readonly kind: 'peer'; readonly domain: ProviderDomain }

/**
 * Where an exchange of our own delivery service goes: what concerns a room to the room's hub, key
 * material to the hub of the room it is for (a hub itself: to the target's provider), a download to
 * the hub that the client names, the rest to the other provider. Throws `unsupported-operation` for
 * what only a hub sends.
 */
export function routeOf(exchange: Exchange, self: ProviderDomain): Route {
  const domain = destination(exchange, self)
  return domain === self ? { kind: 'own' } : { kind: 'peer', domain }
}

function destination(exchange: Exchange, self: ProviderDomain): ProviderDomain {
  switch (exchange.operation) {
    case 'update':
    case 'submitMessage':
    case 'groupInfo':
    case 'reportAbuse':
      return uriDomain(exchange.room)
    case 'keyMaterial': {
      const target = uriDomain(exchange.target)
      if (target === self || exchange.room === undefined) return target
      const hub = uriDomain(exchange.room)
      return hub === self ? target : hub
    }
    case 'requestConsent':
    case 'updateConsent':
    case 'identifierQuery':
      return parseProviderDomain(targetOf(exchange))
    case 'proxyDownload':
      return exchange.hub ?? self
    case 'notify':
      throw new GatewayError('unsupported-operation')
  }
}
