import { expect, test } from 'vitest'
import { operations } from '../../../src/model/exchange.ts'
import { senderTiers } from '../../../src/model/sender-tier.ts'
import { costDefaults } from '../../../src/ratelimit/costs.ts'
import { isForPeersOnly, limitsOf } from '../../../src/ratelimit/ladder.ts'
import { isOwn, limitDefaults, limitNames } from '../../../src/ratelimit/limits.ts'
import { regenerate } from '../../support/generated-docs.ts'

type Row = readonly (string | number)[]

const quoted = (limits: readonly string[]) => limits.map((name) => `\`${name}\``).join(', ')
const limitRows = limitNames.map((name): Row => {
  const { per, perSecond, burst, counts } = limitDefaults[name]
  const whom = isForPeersOnly(name) ? `${per}; other providers only` : per
  return [quoted([name]), whom, perSecond, burst, counts, isOwn(limitDefaults[name]) ? 'yes' : 'no']
})
const ladderRows = operations.flatMap((operation): readonly Row[] => {
  if (operation !== 'submitMessage') return [[operation, quoted(limitsOf(operation, 'identified'))]]
  return senderTiers.map((tier) => [`${operation}, ${tier}`, quoted(limitsOf(operation, tier))])
})
const costRows = operations.map((operation): Row => [operation, costDefaults.operations[operation]])

test.each<readonly [string, Row, readonly Row[]]>([
  ['limits', ['limit', 'per', 'per second', 'burst', 'counts', 'told'], limitRows],
  ['ladder', ['operation', 'takes from'], ladderRows],
  ['costs', ['operation', 'units'], costRows],
])('docs/limits.md has the %s that are in the source', async (part, head, rows) => {
  const lines = [head, head.map(() => '-'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  const document = await regenerate('docs/limits.md', part, `${lines.join('\n')}\n`)
  await expect(document.text).toMatchFileSnapshot(document.file)
})
