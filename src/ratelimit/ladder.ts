import type { Operation, Origin } from '../model/exchange.ts'
import type { SenderTier } from '../model/sender-tier.ts'
import { limitDefaults, type LimitName, type Part } from './limits.ts'

/** What the ladder looks at of an exchange; every `Exchange` is one. */
export interface Climber {
  readonly operation: Operation
  readonly origin: Origin
  readonly bytes: { readonly length: number }
  readonly room?: string | undefined
  readonly sender?: string | undefined
  readonly requester?: string | undefined
  readonly target?: string | undefined
  readonly valueDigest?: Buffer | undefined
}

/**
 * The budgets that an operation takes from, widest first: peer, peer and room, room and sender, then
 * its own. What stands for the sender's budget depends on the tier. Never an address of a client:
 * gateways see peers only.
 */
export function limitsOf(operation: Operation, tier: SenderTier): readonly LimitName[] {
  return operation === 'submitMessage' ? submissions[tier] : ladder[operation]
}

/** What a bucket is told apart by; undefined where the exchange has no part of it, such as a room. */
export function partsOf(climber: Climber, limit: LimitName): readonly string[] | undefined {
  const parts: string[] = []
  for (const part of limitDefaults[limit].of) {
    const text = partOf(climber, part)
    if (text === undefined) return undefined
    parts.push(text)
  }
  return parts
}

/** The domain of a peer, or what stands for our own delivery service: no domain is empty. */
export function peerOf(origin: Origin): string {
  return origin.kind === 'peer' ? origin.domain : LOCAL
}

/** Whether a limit is for other providers only: our own delivery service has nobody to be kept from. */
export function isForPeersOnly(limit: LimitName): boolean {
  return limit === 'peer' || limit === 'peerRoom' || limit === 'attempts'
}

/**
 * Whether a limit is taken from only after the sender has proven who it is: whoever claims to be somebody
 * would else empty the budget of somebody.
 */
export function isForProvenOnly(limit: LimitName): boolean {
  return limit === 'epochSender'
}

function partOf(climber: Climber, part: Part): string | undefined {
  switch (part) {
    case 'peer':
      return peerOf(climber.origin)
    case 'room':
      return climber.room
    case 'sender':
      return climber.sender
    case 'requester':
      return climber.requester
    case 'target':
      return climber.target
    case 'value':
      return climber.valueDigest?.toString('base64')
  }
}

const ladder = {
  submitMessage: ['peer', 'peerRoom', 'roomSender'],
  update: ['peer', 'peerRoom'],
  notify: ['peer', 'peerRoom'],
  // A requester with many pseudonyms is one peer to the target's stock of KeyPackages.
  keyMaterial: ['peer', 'peerRoom', 'keyMaterialTarget', 'keyMaterial'],
  groupInfo: ['peer', 'peerRoom', 'groupInfo'],
  // Guessing handles never searches twice for one value, so the peer has a budget as well.
  identifierQuery: ['peer', 'identifierQueryPeer', 'identifierQuery'],
  requestConsent: ['peer', 'peerRoom', 'consent'],
  updateConsent: ['peer', 'peerRoom', 'consent'],
  reportAbuse: ['peer', 'peerRoom', 'reportAbuse'],
  proxyDownload: ['peer', 'proxyDownload'],
} as const satisfies Record<Operation, readonly LimitName[]>

/** A message of a certificate of its own was paid for when that was admitted. */
const submissions: Readonly<Record<SenderTier, readonly LimitName[]>> = {
  identified: ladder.submitMessage,
  'room-pseudonym': ladder.submitMessage,
  'epoch-pseudonym': ['peer', 'peerRoom', 'epochSender'],
  'message-token': ['peer', 'peerRoom'],
}

const LOCAL = ''
