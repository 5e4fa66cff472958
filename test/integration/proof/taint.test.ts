import { expect, test } from 'vitest'
import { builtInSuites } from '../../../src/metadata/suites.ts'
import { mimiAdapter } from '../../../src/protocols/mimi/adapter.ts'
import { servedSuites, useProofGround } from '../../support/proof.ts'

const ground = useProofGround()

test('every built-in suite is proven', () => {
  const { all } = builtInSuites(mimiAdapter.declarations)
  expect(servedSuites.map(({ suite }) => suite)).toEqual(all.map(({ name }) => name))
})

test.each(servedSuites)(
  'no canary is where the plan of $suite has none',
  async (proven) => {
    const { served, tainted } = await ground().taint(proven)
    expect(served).toBe(true)
    expect(tainted.flatMap(({ leaks }) => leaks)).toEqual([])
    // Nothing leaks from what is refused: each operation must have passed in each direction.
    const passed = tainted
      .filter(({ statuses }) => statuses.every((status) => status < 300))
      .flatMap(({ scenario }) => scenario.views)
    expect(waysOf(passed)).toEqual(everyWay)
  },
  60_000,
)

const everyWay = waysOf(
  mimiAdapter.operations.flatMap((operation) =>
    (['ingress', 'egress'] as const).map((direction) => ({ operation, direction })),
  ),
)

function waysOf(views: readonly { operation: string; direction: string }[]): readonly string[] {
  return [
    ...new Set(views.map(({ operation, direction }) => `${operation} ${direction}`)),
  ].toSorted()
}
