import { expect, test } from 'vitest'
import { createPlanTable } from '../../../src/policy/plan-table.ts'
import { replay } from '../../../src/policy/replay.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { engineOf, peerFacts, permitAll, policyRoom, profileEngine } from '../../support/policy.ts'

const permitted = 'permit (principal, action, resource)'
const withoutSizes = `${permitAll}
@id("no-descriptions") @reason("r") forbid (principal, action in Action::"room.description", resource);`
const withoutMessages = `${permitAll}
@id("no-messages") @reason("r") forbid (principal, action == Action::"admit:submitMessage", resource);`

/** A table that three messages and one fan-out of a pseudonymous room have gone through. */
function seen(text = permitAll) {
  const table = createPlanTable(engineOf(text), declarations)
  const parties = { peer: peerFacts(), room: policyRoom() }
  for (let count = 0; count < 3; count += 1) {
    table.admit({
      ...parties,
      operation: 'submitMessage',
      direction: 'ingress',
      local: false,
      tier: 'room-pseudonym',
    })
    table.plan({
      ...parties,
      operation: 'submitMessage',
      direction: 'ingress',
      audience: 'hub',
      purpose: 'delivery',
    })
  }
  table.plan({
    ...parties,
    operation: 'update',
    direction: 'egress',
    audience: 'hub',
    purpose: 'delivery',
  })
  return table
}

test('who only looks is not counted', async () => {
  const table = seen()
  table.look({
    peer: peerFacts(),
    room: policyRoom('identified'),
    operation: 'notify',
    direction: 'egress',
    audience: 'follower',
    purpose: 'delivery',
  })
  const result = await replay(table.recorded(), engineOf(permitAll), declarations)
  expect(result.requests).toBe(7)
})

test('the same policies change nothing', async () => {
  const result = await replay(seen().recorded(), engineOf(permitAll), declarations)
  expect(result).toEqual({ requests: 7, refused: 0, served: 0, more: 0, less: 0, changes: [] })
})

test('what would be refused is counted by request, with the policy', async () => {
  const result = await replay(seen().recorded(), engineOf(withoutMessages), declarations)
  expect(result).toMatchObject({ requests: 7, refused: 3, served: 0 })
  expect(result.changes).toEqual([
    {
      operation: 'submitMessage',
      peerClass: 'federated',
      audience: undefined,
      field: 'admit:submitMessage',
      before: 'admitted',
      after: 'refused',
      requests: 3,
      policies: ['no-messages'],
    },
  ])
})

test('what would be shown instead is counted by field, more and less', async () => {
  const less = await replay(seen().recorded(), engineOf(withoutSizes), declarations)
  const more = await replay(seen(withoutSizes).recorded(), engineOf(permitAll), declarations)
  const about = { operation: 'update', audience: 'hub', field: 'room.description', requests: 1 }
  expect(less).toMatchObject({ more: 0, less: 1 })
  expect(less.changes).toMatchObject([{ ...about, before: 'exact', after: 'absent' }])
  expect(more).toMatchObject({ more: 1, less: 0 })
  expect(more.changes).toMatchObject([{ ...about, before: 'absent', after: 'exact' }])
})

test('policies that withhold what the suite needs refuse whole plans', async () => {
  const nothing = engineOf(`@id("in") @reason("r") ${permitted} when { context has local };`)
  const result = await replay(seen().recorded(), nothing, declarations)
  expect(result).toMatchObject({ refused: 4, served: 0 })
  expect(result.changes.map(({ field, requests }) => [field, requests])).toEqual([
    ['plan', 3],
    ['plan', 1],
  ])
})

test('a profile is replayed against another one', async () => {
  const table = seen()
  const result = await replay(table.recorded(), profileEngine('consumer'), declarations)
  expect(result.requests).toBe(7)
  expect(result.refused).toBe(0)
})
