import type { Component, ControlHandlers, Health } from '../admin/control-api.ts'
import { createConsentHandlers } from '../admin/consent-handlers.ts'
import { createReportHandlers } from '../admin/report-handlers.ts'
import { parseMimiUri, parseProviderDomain } from '../model/ids.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { hasExpired } from '../policy/policy-holder.ts'
import type { Feeds } from '../feeds/feeds.ts'
import type { Issuer } from './issuer.ts'
import type { Labels } from './labels.ts'

export interface ControlParts {
  readonly parts: PipelineParts
  readonly labels: Labels
  readonly issuer?: Pick<Issuer, 'attested'> | undefined
  readonly feeds: Pick<Feeds, 'fine'>
  readonly version: string
  readonly startedAtMs: number
  readonly draining: () => boolean
  readonly reload: ControlHandlers['reload']
}

/** What the operator may ask of a running gateway. */
export function controlHandlers(control: ControlParts): ControlHandlers {
  const { parts, labels } = control
  return {
    health: () => healthOf(control),
    reload: control.reload,
    ...createReportHandlers(parts.reports),
    ...createConsentHandlers(parts.consents),
    labelOfRoom: (room) => labels.ofRoom(parseMimiUri(room, 'room')),
    labelOfPeer: (peer) => labels.ofPeer(parseProviderDomain(peer)),
    listRooms: () => ({ rooms: parts.rooms.list(ROOMS_LISTED_MAX) }),
  }
}

/** Ready when every component is up or degraded and we are not draining. */
function healthOf(control: ControlParts): Health {
  const { parts, issuer, feeds, version, startedAtMs } = control
  parts.upstream.recheck()
  const components: Record<string, Component> = {
    upstream: parts.upstream.available
      ? { state: 'up' }
      : { state: 'down', reason: 'upstream-unavailable' },
    outbox:
      parts.outbox.counts().deadLetters > 0
        ? { state: 'degraded', reason: 'dead-letters' }
        : { state: 'up' },
    journal:
      parts.journal.lost() > 0 ? { state: 'degraded', reason: 'events-lost' } : { state: 'up' },
    policies: policiesComponent(parts),
    webhooks: feeds.fine() ? { state: 'up' } : { state: 'degraded', reason: 'not-taken' },
    limiter: parts.limiter.store().degraded
      ? { state: 'degraded', reason: 'limiter-store-away' }
      : { state: 'up' },
    ...(issuer !== undefined && { issuer: issuerComponent(issuer) }),
  }
  const down = Object.values(components).some(({ state }) => state === 'down')
  const status = control.draining() ? 'draining' : down ? 'not-ready' : 'ready'
  return { status, version, startedAtMs, components }
}

function issuerComponent({ attested }: Pick<Issuer, 'attested'>): Component {
  return attested() ? { state: 'up' } : { state: 'degraded', reason: 'attester-unavailable' }
}

function policiesComponent({ policies, clock }: PipelineParts): Component {
  if (policies.newestRefused()) return { state: 'degraded', reason: 'newest-refused' }
  const [inForce] = policies.sets()
  if (inForce !== undefined && hasExpired(inForce, clock()))
    return { state: 'degraded', reason: 'policy-expired' }
  return { state: 'up' }
}

const ROOMS_LISTED_MAX = 1_000
