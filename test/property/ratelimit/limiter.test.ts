import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Exchange } from '../../../src/model/exchange.ts'
import { parseMimiUri } from '../../../src/model/ids.ts'
import { senderTiers, type SenderTier } from '../../../src/model/sender-tier.ts'
import type { Standing } from '../../../src/ratelimit/budgets.ts'
import { limitNames } from '../../../src/ratelimit/limits.ts'
import {
  base,
  consentRequest,
  from,
  keyMaterial,
  limiterWith,
  NOW,
  query,
  report,
  submit,
  timesAllowed,
  type AtOnce,
} from '../../support/limiter-scene.ts'

const domains = ['b.example', 'c.example'] as const
const exchange: fc.Arbitrary<Exchange> = fc
  .tuple(
    fc.constantFrom(
      submit(),
      submit({ bytes: Buffer.alloc(200_000) }),
      submit({ sender: parseMimiUri('mimi://b.example/u/other') }),
      keyMaterial(),
      consentRequest,
      report,
      query(1),
      query(2),
    ),
    fc.constantFrom(...domains),
  )
  .map(([one, domain]) => ({ ...one, origin: from(domain) }))

type Domain = (typeof domains)[number]
type Step =
  | { readonly exchange: Exchange; readonly tier: SenderTier }
  | { readonly refused: Domain }
  | { readonly verifies: Domain }
  | { readonly admits: Domain }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ exchange, tier: fc.constantFrom(...senderTiers) }) },
  fc.record({ refused: fc.constantFrom(...domains) }),
  fc.record({ verifies: fc.constantFrom(...domains) }),
  fc.record({ admits: fc.constantFrom(...domains) }),
)
const script = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), step), { maxLength: 150 })
const rate = fc.record({
  perSecond: fc.double({ min: 0.1, max: 20, noNaN: true }),
  burst: fc.integer({ min: 1, max: 12 }),
})
const rates = fc
  .array(rate, { minLength: limitNames.length, maxLength: limitNames.length })
  .map((drawn) => Object.fromEntries(limitNames.map((name, at) => [name, drawn[at]])))

/** Plays a script; says of each step whether it was let in, and when. */
function play(limiter: AtOnce, steps: readonly (readonly [number, Step])[]) {
  let nowMs = NOW
  return steps.map(([waitMs, what]) => {
    nowMs += waitMs
    return { nowMs, what, isIn: ask(limiter, what, nowMs) }
  })
}

function ask(limiter: AtOnce, what: Step, nowMs: number): boolean {
  if ('exchange' in what) return limiter.check(what.exchange, nowMs, what.tier).kind === 'allowed'
  if ('verifies' in what) return limiter.mayVerify(from(what.verifies), nowMs).kind === 'allowed'
  if ('admits' in what) {
    const admission = { provider: what.admits, room: 'mimi://a.example/r/clubhouse' }
    return limiter.mayAdmit(admission, nowMs).kind === 'allowed'
  }
  limiter.refused(from(what.refused), nowMs)
  return true
}

/** Whether so many at these times are within a burst and what a rate refills, in every window. */
function isWithin(times: readonly number[], limit: { perSecond: number; burst: number }): boolean {
  return times.every((start, first) =>
    times.slice(first).every((end, count) => {
      const most = limit.burst + ((end - start) * limit.perSecond) / 1_000
      return count + 1 <= most + 0.06
    }),
  )
}

test('whatever is interleaved, no budget ever gives more than its burst and its rate', () => {
  fc.assert(
    fc.property(rates, script, (limits, steps) => {
      const played = play(limiterWith(limits), steps).filter(({ isIn }) => isIn)
      const timesOf = (is: (what: Step) => boolean) =>
        played.filter(({ what }) => is(what)).map(({ nowMs }) => nowMs)
      for (const domain of domains) {
        const ofPeer = timesOf(
          (what) =>
            'exchange' in what &&
            what.exchange.origin.kind === 'peer' &&
            what.exchange.origin.domain === domain,
        )
        // Each takes at least one unit, so that there are no more exchanges than units.
        expect(isWithin(ofPeer, limits['peer'] ?? NONE)).toBe(true)
        const verified = timesOf((what) => 'verifies' in what && what.verifies === domain)
        expect(isWithin(verified, limits['tokenVerify'] ?? NONE)).toBe(true)
        const admitted = timesOf((what) => 'admits' in what && what.admits === domain)
        expect(isWithin(admitted, limits['admissionPeer'] ?? NONE)).toBe(true)
      }
      const admitted = timesOf((what) => 'admits' in what)
      expect(isWithin(admitted, limits['admissionRoom'] ?? NONE)).toBe(true)
      const asked = timesOf(
        (what) => 'exchange' in what && what.exchange.operation === 'reportAbuse',
      )
      const reports = limits['reportAbuse'] ?? NONE
      // One budget for each of two providers.
      expect(asked.length).toBeLessThanOrEqual(2 * (reports.burst + reports.perSecond * 450))
    }),
  )
})

test('limits in shadow refuse nobody, whatever happens', () => {
  fc.assert(
    fc.property(rates, script, (limits, steps) => {
      const shadows = Object.fromEntries(
        Object.entries(limits).map(([name, one]) => [name, { ...one, mode: 'shadow' } as const]),
      )
      const limiter = limiterWith(shadows)
      expect(play(limiter, steps).every(({ isIn }) => isIn)).toBe(true)
      expect(limiter.refusals().enforced).toEqual({})
    }),
  )
})

test('a limit in shadow counts at least the refusals that it would have made first', () => {
  fc.assert(
    fc.property(rate, script, (limit, steps) => {
      const enforced = limiterWith({ peer: limit })
      const shadow = limiterWith({ peer: { ...limit, mode: 'shadow' } })
      play(enforced, steps)
      play(shadow, steps)
      const refused = enforced.refusals().enforced.peer ?? 0
      const would = shadow.refusals().shadow.peer ?? 0
      expect(would > 0).toBe(refused > 0)
    }),
  )
})

test('a provider of half or a tenth of the standing gets half or a tenth, in every window', () => {
  const waits = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(waits, fc.constantFrom<Standing>(1, 0.5, 0.1), (pauses, standing) => {
      const limiter = limiterWith(
        { peer: { perSecond: 20, burst: 20 }, peerRoom: { perSecond: 1e6, burst: 1e6 } },
        { standingOf: () => standing },
      )
      let nowMs = NOW
      const times = pauses.flatMap((waitMs) => {
        nowMs += waitMs
        const update = { ...base, operation: 'update', room: submit().room } as unknown as Exchange
        return limiter.check(update, nowMs).kind === 'allowed' ? [nowMs] : []
      })
      // An update takes two units.
      return isWithin(times, { perSecond: 10 * standing, burst: Math.max(1, 10 * standing) })
    }),
  )
})

test('a clock that jumps gives one burst at most, and locks nobody out for longer than that takes', () => {
  const day = 86_400_000
  const jumps = fc.array(fc.constantFrom(-day, day, -3_600_000, 3_600_000), { maxLength: 12 })
  fc.assert(
    fc.property(jumps, (drawn) => {
      const limiter = limiterWith({ roomSender: { perSecond: 1, burst: 5 } })
      let nowMs = NOW
      return [0, ...drawn].every((jump) => {
        nowMs += jump
        const given = timesAllowed(() => limiter.check(submit(), nowMs))
        nowMs += 5_000
        return given <= 5 && limiter.check(submit(), nowMs).kind === 'allowed'
      })
    }),
  )
})

const NONE = { perSecond: 0, burst: 0 }
