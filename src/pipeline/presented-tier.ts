import type { Suite } from '../metadata/suite.ts'
import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import type { Exchange } from '../model/exchange.ts'
import type { SenderTier } from '../model/sender-tier.ts'

/**
 * In which tier the actor of an exchange shows itself, by its credential or, where none travels along,
 * by what the suite of the room asks of every leaf; a certificate by the pseudonym of the epoch that it is for, and
 * still to be verified. Whoever looks for somebody or fetches a file outside rooms is `identified`.
 */
export function presentedTier(exchange: Exchange, suite: Suite): SenderTier {
  switch (exchange.operation) {
    case 'keyMaterial':
    case 'groupInfo':
      return exchange.pseudonymous ? 'room-pseudonym' : 'identified'
    case 'submitMessage':
      if (epochPseudonymId(exchange.sender) !== undefined) return 'epoch-pseudonym'
      return ofRoom(suite)
    case 'update':
    case 'notify':
    case 'reportAbuse':
      return ofRoom(suite)
    case 'requestConsent':
    case 'updateConsent':
    case 'identifierQuery':
    case 'proxyDownload':
      return 'identified'
  }
}

function ofRoom({ pseudonymousCredentials }: Suite): SenderTier {
  return pseudonymousCredentials === 'required' ? 'room-pseudonym' : 'identified'
}
