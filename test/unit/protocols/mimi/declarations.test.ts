import { describe, expect, test } from 'vitest'
import { withArchive } from '../../../../src/metadata/archive.ts'
import { fields } from '../../../../src/metadata/fields.ts'
import { computePlan, purposeOf } from '../../../../src/metadata/plan.ts'
import { builtInSuites } from '../../../../src/metadata/suites.ts'
import { audiences, compareForms } from '../../../../src/model/metadata.ts'
import { mimiAdapter } from '../../../../src/protocols/mimi/adapter.ts'
import { declarations } from '../../../../src/protocols/mimi/declarations.ts'

const { operations } = mimiAdapter
const suites = builtInSuites(declarations).all

function declared(field: string, audience: string) {
  return declarations.filter((d) => d.field === field && d.audience === audience)
}

test('every form is one that the field has, and the floor is not above what is carried', () => {
  const wrong = declarations.filter(
    ({ field, wireFloor, carries }) =>
      !fields[field].forms.includes(wireFloor) ||
      (carries !== 'absent' && !fields[field].forms.includes(carries)) ||
      compareForms(wireFloor, carries) > 0,
  )
  expect(wrong).toEqual([])
})

test('a cell is declared once', () => {
  const cells = declarations.map(({ operation, part, audience, field }) =>
    JSON.stringify([operation, part, audience, field]),
  )
  expect(new Set(cells).size).toBe(cells.length)
})

test('every operation shows something to another provider, and nothing is said of the journal', () => {
  const shown = new Set(declarations.map(({ operation }) => operation))
  expect([...shown].toSorted()).toEqual(operations.toSorted())
  expect(declarations.filter(({ audience }) => audience === 'archive')).toEqual([])
})

describe('the honest limits of the draft', () => {
  test('the hub sees at least a room pseudonym of the sender', () => {
    const floors = declared('sender.user', 'hub').map(({ wireFloor }) => wireFloor)
    expect(new Set(floors)).toEqual(new Set(['pseudonym-room']))
  })

  test('a follower sees no sender of an application message', () => {
    expect(declared('sender.user', 'follower')).toMatchObject([
      { operation: 'notify', wireFloor: 'absent', carries: 'absent' },
    ])
  })

  test('a follower sees who changes the room', () => {
    expect(declared('participants.changes', 'follower')).toMatchObject([
      { operation: 'notify', wireFloor: 'pseudonym-room', enforcement: 'checked' },
    ])
  })

  test('the hub and the target see who asks for whose key material', () => {
    for (const audience of ['hub', 'target'])
      expect(
        declared('consent.edge', audience).filter(
          (d) => d.operation === 'keyMaterial' && d.part === 'request',
        ),
      ).toMatchObject([{ wireFloor: 'pseudonym-room', carries: 'exact', enforcement: 'checked' }])
  })

  test('the answer to keyMaterial links a user to its room pseudonym, for hub and asker', () => {
    for (const audience of ['hub', 'follower'])
      expect(declared('consent.edge', audience).filter((d) => d.part === 'response')).toMatchObject(
        [{ operation: 'keyMaterial', wireFloor: 'exact', enforcement: 'checked' }],
      )
  })

  test('nothing in a request is edited but what no client signed', () => {
    const edited = declarations.filter(
      ({ part, enforcement }) => part === 'request' && enforcement === 'edited',
    )
    expect(new Set(edited.map(({ operation, field }) => `${operation} ${field}`))).toEqual(
      new Set([
        'update sender.network',
        'submitMessage sender.network',
        'groupInfo sender.network',
        'keyMaterial sender.network',
        'reportAbuse sender.network',
        'proxyDownload sender.network',
        'notify message.time',
        'notify message.frank',
        'updateConsent client.list',
        'updateConsent client.capabilities',
        'reportAbuse report.reporter',
        'reportAbuse report.note',
      ]),
    )
  })
})

describe.each(suites)('$name', (suite) => {
  test('can be served by the wire in every operation, where policies permit all', () => {
    const refused = operations.flatMap((operation) =>
      audiences.flatMap((audience) => {
        const plan = computePlan({
          suite,
          purpose: purposeOf(operation, audience),
          declarations: withArchive(declarations).filter(
            (d) => d.operation === operation && d.audience === audience,
          ),
          permitted: () => ({ form: 'exact', policies: ['permit-all'], withheldBy: [] }),
        })
        return plan.kind === 'refused' ? [[operation, audience, plan.field]] : []
      }),
    )
    expect(refused).toEqual([])
  })
})
