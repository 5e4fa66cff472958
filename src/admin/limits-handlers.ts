import type { Clock } from '../model/clock.ts'
import { parseMimiUri, parseProviderDomain } from '../model/ids.ts'
import type { Climber } from '../ratelimit/ladder.ts'
import type { Limiter } from '../ratelimit/limiter.ts'
import { limitNames } from '../ratelimit/limits.ts'
import type { LimitHandlers, LimitsList, LimitsQuestion } from './limits-api.ts'

/** What an operator may ask of the limits of a running gateway; nothing is taken from any budget. */
export function createLimitHandlers({ limiter, standings, clock }: LimitParts): LimitHandlers {
  return {
    list: () => ({
      ...listOf(limiter),
      standings: standings().filter(({ factor }) => factor < 1),
    }),
    explain: async (question) => ({
      rungs: [...(await limiter.explain(climberOf(question), clock(), question.tier))],
    }),
  }
}

interface LimitParts {
  readonly limiter: Limiter
  readonly standings: () => readonly LimitsList['standings'][number][]
  readonly clock: Clock
}

function listOf(limiter: Limiter): Omit<LimitsList, 'standings'> {
  const { limits, costs } = limiter.settings()
  const { enforced, shadow } = limiter.refusals()
  const { operations, octetsPerUnit } = costs
  return {
    limits: limitNames.map((name) => {
      const { per, mode, perSecond, burst, cost, counts, isTold: told } = limits[name]
      const counted = { refused: enforced[name] ?? 0, shadowed: shadow[name] ?? 0 }
      return { name, per, mode, perSecond, burst, cost, counts, told, ...counted }
    }),
    costs: { operations: { ...operations }, octetsPerUnit },
    store: limiter.store(),
  }
}

/** Throws `invalid-domain`, `invalid-uri`. */
function climberOf({ operation, peer, room, sender, target, size }: LimitsQuestion): Climber {
  const actor = sender === undefined ? undefined : parseMimiUri(sender, 'user')
  return {
    operation,
    origin:
      peer === undefined ? { kind: 'local' } : { kind: 'peer', domain: parseProviderDomain(peer) },
    bytes: { length: size },
    room: room === undefined ? undefined : parseMimiUri(room, 'room'),
    sender: actor,
    requester: actor,
    target: target === undefined ? undefined : parseMimiUri(target, 'user'),
  }
}
