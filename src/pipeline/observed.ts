import type { Suite } from '../metadata/suite.ts'
import { epochPseudonymId } from '../model/epoch-pseudonym.ts'
import type { Exchange } from '../model/exchange.ts'
import type { Observed } from './disclose.ts'
import { observedOfFrame } from './message-forms.ts'

/**
 * What the bytes of a request show, for the fields in which they can differ. INVARIANT: every leaf that
 * enters a room of ours is held to its suite, and so is what stands for its user; for rooms of other
 * hubs our delivery service vouches.
 */
export function observedOf(exchange: Exchange, suite: Suite): Observed {
  const inRoom = suite.pseudonymousCredentials === 'required' ? 'pseudonym-room' : 'exact'
  switch (exchange.operation) {
    case 'keyMaterial': {
      const form = exchange.pseudonymous ? 'pseudonym-room' : 'exact'
      return { 'consent.edge': form, 'sender.client': form }
    }
    case 'groupInfo': {
      const form = exchange.pseudonymous ? 'pseudonym-room' : 'exact'
      return { 'sender.user': form, 'sender.client': form }
    }
    case 'identifierQuery': {
      const [first, ...others] = exchange.searchTypes
      const isOneHandle = first === 'handle' && others.length === 0
      return { 'contact.query': isOneHandle ? 'bucket' : 'exact' }
    }
    case 'requestConsent':
    case 'updateConsent':
      return { 'consent.edge': 'exact' }
    case 'proxyDownload':
      return { 'asset.url': 'exact' }
    case 'update':
      return { 'participants.changes': inRoom }
    case 'submitMessage':
      return {
        'sender.user': epochPseudonymId(exchange.sender) === undefined ? inRoom : 'pseudonym-epoch',
        ...observedOfFrame(exchange.message),
      }
    case 'reportAbuse': {
      const hides = exchange.sealed ?? { content: false, reporter: false }
      return {
        'report.subject': inRoom,
        'report.evidence': exchange.messageCount > 0 || hides.content ? 'exact' : 'absent',
        // What only the hub can open is taken for everything that it may be.
        ...(hides.content && { 'report.note': 'exact' }),
        ...(hides.reporter && { 'report.reporter': inRoom }),
      }
    }
    case 'notify':
      return {}
  }
}
