import { expect, test } from 'vitest'
import { builtInSuites } from '../../src/metadata/suites.ts'
import { compareForms } from '../../src/model/metadata.ts'
import { createPlanTable } from '../../src/policy/plan-table.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'
import { peerFacts, policyRoom, profileEngine } from '../support/policy.ts'

const cases = (['consumer', 'enterprise', 'trust-and-safety'] as const).flatMap((profile) =>
  builtInSuites(declarations).all.flatMap((suite) =>
    (['submitMessage', 'update'] as const).map((operation) => ({
      profile,
      suite: suite.name,
      operation,
    })),
  ),
)

test.each(cases)(
  'what the hub accepts by $operation in $suite under $profile can be fanned out',
  ({ profile, suite, operation }) => {
    const table = createPlanTable(profileEngine(profile), declarations)
    const parties = { peer: peerFacts(), room: policyRoom(suite), purpose: 'delivery' } as const
    const accepted = table.plan({ ...parties, operation, direction: 'ingress', audience: 'hub' })
    const fannedOut = table.plan({
      ...parties,
      operation: 'notify',
      direction: 'egress',
      audience: 'follower',
    })
    const stuck =
      accepted.kind === 'refused'
        ? []
        : accepted.cells.filter((cell) => {
            if (cell.enforcement !== 'checked' || cell.field === 'sender.user') return false
            const out = fannedOut.kind === 'granted' ? fannedOut.request[cell.field] : undefined
            return compareForms(cell.most, out?.most ?? 'absent') > 0
          })
    expect(stuck).toEqual([])
  },
)
