import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exposureMatrix } from '../../src/policy/exposure-diff.ts'
import { matrixTable } from '../../src/policy/exposure-text.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import { createPlanTable } from '../../src/policy/plan-table.ts'
import { peerClasses } from '../../src/policy/vocabulary.ts'
import { regenerateParts } from '../support/generated-docs.ts'
import { peerFacts, policyRoom, profileEngine, type ProfileName } from '../support/policy.ts'

const profiles = ['consumer', 'enterprise', 'trust-and-safety'] as const

test('docs/policies.md shows what each profile shows, and in which tiers it lets providers send', async () => {
  const parts = { tiers: tiersTable(), matrices: matrices() }
  const document = await regenerateParts('docs/policies.md', parts)
  await expect(document.text).toMatchFileSnapshot(document.file)
})

function matrices(): string {
  const sections = profiles.map((profile) => {
    const text = readFileSync(`policies/profiles/${profile}/policies.cedar`, 'utf8')
    return `### ${profile}\n\n${matrixTable(exposureMatrix(loadPolicies(text)))}`
  })
  return `${sections.join('\n\n')}\n`
}

function tiersTable(): string {
  const suites = ['moderated-pseudonyms', 'identified']
  const rows = profiles.flatMap((profile) =>
    peerClasses.map((peerClass) => [
      profile,
      peerClass,
      ...suites.map((suite) => tiersOf(profile, peerClass, suite)),
    ]),
  )
  const head = ['profile', 'class', ...suites]
  const lines = [head, head.map(() => '-'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

function tiersOf(
  profile: ProfileName,
  peerClass: (typeof peerClasses)[number],
  suite: string,
): string {
  const table = createPlanTable(profileEngine(profile), [])
  const tiers = table.acceptableTiers({
    peer: peerFacts({ class: peerClass }),
    room: policyRoom(suite),
    operation: 'submitMessage',
    direction: 'ingress',
    local: false,
  })
  return tiers.length === 0 ? '-' : tiers.join(', ')
}
