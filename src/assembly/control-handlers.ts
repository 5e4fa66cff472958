import type { Component, ControlHandlers, Health, ReportDetail } from '../admin/control-api.ts'
import type { KeyRing } from '../keys/key-files.ts'
import type { PipelineParts } from '../pipeline/parts.ts'
import { limitNames, limitsWith } from '../ratelimit/limits.ts'
import type { Evidence } from '../reports/evidence.ts'
import type { OpeningKeys } from '../reports/report-desk.ts'
import type { Config } from '../settings/config.ts'

export interface ControlParts {
  readonly parts: PipelineParts
  readonly keys: KeyRing
  readonly config: () => Config
  readonly version: string
  readonly startedAtMs: number
  readonly draining: () => boolean
  readonly reload: ControlHandlers['reload']
}

/** What the operator may ask of a running gateway. */
export function controlHandlers(control: ControlParts): ControlHandlers {
  const { parts, keys } = control
  return {
    health: () => healthOf(control),
    reload: control.reload,
    listReports: async ({ after, limit }) => {
      const reports = parts.reports.list({ after, limit })
      const last = reports.length === limit ? reports.at(-1)?.id : undefined
      return { reports: [...reports], ...(last === undefined ? {} : { next: last }) }
    },
    findReport: async (id, { evidence }) => {
      const found = await parts.reports.show(id, evidence ? openingKeys(keys) : undefined)
      if (found === undefined) return undefined
      return {
        report: found.summary,
        checks: found.checks.map(({ anomaly, ...check }) => ({
          ...check,
          ...(anomaly === undefined ? {} : { anomaly }),
        })),
        ...(found.evidence === undefined ? {} : { evidence: plainEvidence(found.evidence) }),
      }
    },
    listRooms: () => ({ rooms: parts.rooms.list(ROOMS_LISTED_MAX) }),
    limits: () => limitsView(control),
  }
}

function openingKeys(keys: KeyRing): OpeningKeys {
  return (keyId) => keys.all('report-sealing').find((key) => key.id === keyId)?.key
}

function plainEvidence({ messages, ...rest }: Evidence): NonNullable<ReportDetail['evidence']> {
  return {
    ...rest,
    messages: messages.map(({ texts, ...message }) => ({ ...message, texts: [...texts] })),
  }
}

/** Ready when every component is up or degraded and we are not draining. */
function healthOf(control: ControlParts): Health {
  const { parts, version, startedAtMs } = control
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
    policies: { state: 'up' },
  }
  const down = Object.values(components).some(({ state }) => state === 'down')
  const status = control.draining() ? 'draining' : down ? 'not-ready' : 'ready'
  return { status, version, startedAtMs, components }
}

function limitsView({ config, parts }: ControlParts): ReturnType<ControlHandlers['limits']> {
  const inForce = limitsWith(config().rates)
  const limits = limitNames.flatMap((name) => [
    [`${name}.perSecond`, inForce[name].perSecond] as const,
    [`${name}.burst`, inForce[name].burst] as const,
  ])
  return { limits: Object.fromEntries(limits), refused: { ...parts.limiter.refusals() } }
}

const ROOMS_LISTED_MAX = 1_000
