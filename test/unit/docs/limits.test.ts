import { expect, test } from 'vitest'
import { operations } from '../../../src/model/exchange.ts'
import { senderTiers } from '../../../src/model/sender-tier.ts'
import { costDefaults } from '../../../src/ratelimit/costs.ts'
import { isForPeersOnly, limitsOf } from '../../../src/ratelimit/ladder.ts'
import { limitDefaults, limitNames } from '../../../src/ratelimit/limits.ts'
import { regenerateParts } from '../../support/generated-docs.ts'

type Row = readonly (string | number)[]

const quoted = (limits: readonly string[]) => limits.map((name) => `\`${name}\``).join(', ')
const limitRows = limitNames.map((name): Row => {
  const { per, perSecond, burst, counts, isTold } = limitDefaults[name]
  const whom = isForPeersOnly(name) ? `${per}; other providers only` : per
  return [quoted([name]), whom, perSecond, burst, counts, isTold ? 'yes' : 'no']
})
const ladderRows = operations.flatMap((operation): readonly Row[] => {
  if (operation !== 'submitMessage') return [[operation, quoted(limitsOf(operation, 'identified'))]]
  return senderTiers.map((tier) => [`${operation}, ${tier}`, quoted(limitsOf(operation, tier))])
})
const costRows = operations.map((operation): Row => [operation, costDefaults.operations[operation]])

const tables: Readonly<Record<string, readonly Row[]>> = {
  limits: [['limit', 'per', 'per second', 'burst', 'counts', 'told'], ...limitRows],
  ladder: [['operation', 'takes from'], ...ladderRows],
  costs: [['operation', 'units'], ...costRows],
}

test('docs/limits.md has the limits, the ladder and the costs that are in the source', async () => {
  const parts = Object.entries(tables).map(([part, [head = [], ...rows]]) => {
    const lines = [head, head.map(() => '-'), ...rows].map((row) => `| ${row.join(' | ')} |`)
    return [part, `${lines.join('\n')}\n`] as const
  })
  const document = await regenerateParts('docs/limits.md', Object.fromEntries(parts))
  await expect(document.text).toMatchFileSnapshot(document.file)
})
