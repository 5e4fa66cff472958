import type { Suite } from '../metadata/suite.ts'
import type { Exchange } from '../model/exchange.ts'
import type { SenderTier } from '../model/sender-tier.ts'

/**
 * In which tier the actor of an exchange shows itself, by its credential or, where none travels along,
 * by what the suite of the room asks of every leaf; never a certificate, which has to be verified
 * first. Whoever looks for somebody or fetches a file outside rooms is `identified`.
 */
export function presentedTier(exchange: Exchange, suite: Suite): SenderTier {
  switch (exchange.operation) {
    case 'keyMaterial':
    case 'groupInfo':
      return exchange.pseudonymous ? 'room-pseudonym' : 'identified'
    case 'submitMessage':
    case 'update':
    case 'notify':
    case 'reportAbuse':
      return suite.pseudonymousCredentials === 'required' ? 'room-pseudonym' : 'identified'
    case 'requestConsent':
    case 'updateConsent':
    case 'identifierQuery':
    case 'proxyDownload':
      return 'identified'
  }
}
