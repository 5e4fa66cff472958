import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exposureMatrix } from '../../src/policy/exposure-diff.ts'
import { matrixTable } from '../../src/policy/exposure-text.ts'
import { loadPolicies } from '../../src/policy/load.ts'
import { createPlanTable } from '../../src/policy/plan-table.ts'
import { peerClasses } from '../../src/policy/vocabulary.ts'
import { regenerate } from '../support/generated-docs.ts'
import { peerFacts, policyRoom, profileEngine, type ProfileName } from '../support/policy.ts'

const profiles = ['consumer', 'enterprise', 'trust-and-safety'] as const

test('docs/policies.md shows what each profile shows', async () => {
  const sections = profiles.map((profile) => {
    const text = readFileSync(`policies/profiles/${profile}/policies.cedar`, 'utf8')
    return `### ${profile}\n\n${matrixTable(exposureMatrix(loadPolicies(text)))}`
  })
  const document = await regenerate('docs/policies.md', 'matrices', `${sections.join('\n\n')}\n`)
  await expect(document.text).toMatchFileSnapshot(document.file)
})

test('docs/policies.md shows in which tiers each profile lets providers send', async () => {
  const suites = ['moderated-pseudonyms', 'identified']
  const rows = profiles.flatMap((profile) =>
    peerClasses.map((peerClass) => [
      profile,
      peerClass,
      ...suites.map((suite) => tiersOf(profile, peerClass, suite)),
    ]),
  )
  const table = [['profile', 'class', ...suites], ['-', '-', '-', '-'], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
  const document = await regenerate('docs/policies.md', 'tiers', `${table}\n`)
  await expect(document.text).toMatchFileSnapshot(document.file)
})

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
