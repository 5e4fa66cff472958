import fc from 'fast-check'
import { test } from 'vitest'
import { createCpuShare } from '../../../src/privacypass/cpu-share.ts'

const options = fc.record({
  share: fc.double({ min: 0.001, max: 0.5, noNaN: true }),
  burstMs: fc.integer({ min: 1, max: 200 }),
})
/** Time before a piece of work, and CPU that it takes; the clock runs on meanwhile. */
const attempts = fc.array(
  fc.record({
    waitMs: fc.integer({ min: 0, max: 2_000 }),
    costMs: fc.double({ min: 0, max: 30, noNaN: true }),
  }),
  { minLength: 1, maxLength: 150 },
)

interface Piece {
  readonly startMs: number
  readonly costMs: number
}

/** The work that ran, in its order. */
function play(
  { share, burstMs }: { readonly share: number; readonly burstMs: number },
  drawn: readonly { readonly waitMs: number; readonly costMs: number }[],
): readonly Piece[] {
  let nowMs = 1_760_000_000_000
  let usedMs = 0
  const bucket = createCpuShare({ share, burstMs, clock: () => nowMs, cpuMs: () => usedMs })
  return drawn.flatMap(({ waitMs, costMs }) => {
    nowMs += waitMs
    const piece = bucket.run(() => {
      const startMs = nowMs
      usedMs += costMs
      nowMs += costMs
      return { startMs, costMs }
    })
    return piece === undefined ? [] : [piece]
  })
}

test('in no window does more run than the burst, the share of its length and one piece of work', () => {
  fc.assert(
    fc.property(options, attempts, (limits, drawn) => {
      const pieces = play(limits, drawn)
      return pieces.every((first, from) => {
        let usedMs = 0
        return pieces.slice(from).every(({ startMs, costMs }) => {
          const boundMs = limits.burstMs + (startMs - first.startMs) * limits.share
          const before = usedMs
          usedMs += costMs
          return before <= boundMs + 1e-6
        })
      })
    }),
  )
})

test('work is refused only when the share is used: after a long rest it always runs', () => {
  fc.assert(
    fc.property(options, attempts, (limits, drawn) => {
      const restMs = (limits.burstMs + 30) / limits.share
      const rested = drawn.map(({ costMs }) => ({ waitMs: restMs, costMs }))
      return play(limits, rested).length === drawn.length
    }),
  )
})
