import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseForRoom, negotiate, type RoomChoice } from '../../../src/metadata/negotiate.ts'
import {
  documentSchema,
  type RequirementsDocument,
} from '../../../src/metadata/requirements/document.ts'
import { isGrease } from '../../../src/metadata/suites.ts'
import { requirementsArbitrary } from '../../support/arbitraries/requirements.ts'
import { builtIn, privateTable } from '../../support/requirements.ts'

const hubs = requirementsArbitrary('a.example')
const followers = requirementsArbitrary('b.example')
const groups = fc.tuple(
  ...['b.example', 'c.example', 'd.example'].map((name) =>
    fc.option(requirementsArbitrary(name), { nil: undefined }),
  ),
)

function suitesOf(hub: RequirementsDocument, follower: RequirementsDocument): readonly number[] {
  const outcome = negotiate(hub, follower, builtIn)
  return outcome.kind === 'agreed' ? outcome.agreement.suites : []
}

function chosen(choice: RoomChoice): number | undefined {
  return choice.kind === 'chosen' ? choice.suite : undefined
}

function present(documents: readonly (RequirementsDocument | undefined)[]) {
  return documents.filter((document) => document !== undefined)
}

function pairs(law: (hub: RequirementsDocument, follower: RequirementsDocument) => void): void {
  fc.assert(fc.property(hubs, followers, law))
}

test('the arbitrary documents are valid', () => {
  pairs((hub) => {
    expect(documentSchema.safeParse(hub).success).toBe(true)
  })
})

test('negotiation is deterministic', () => {
  pairs((hub, follower) => {
    const copies = [structuredClone(hub), structuredClone(follower)] as const
    expect(negotiate(...copies, builtIn)).toEqual(negotiate(hub, follower, builtIn))
  })
})

test('an agreement is never above either offer', () => {
  pairs((hub, follower) => {
    for (const code of suitesOf(hub, follower)) {
      expect(hub.asHub).toContain(code)
      expect(follower.asFollower).toContain(code)
    }
  })
})

test('an agreement keeps the order of the hub', () => {
  pairs((hub, follower) => {
    const places = suitesOf(hub, follower).map((code) => hub.asHub.indexOf(code))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  })
})

test('GREASE and unassigned codes are never chosen', () => {
  pairs((hub, follower) => {
    const more = { ...hub, asHub: [...hub.asHub, 0x2a2a, ...(hub.asHub.includes(5) ? [] : [5])] }
    const all = [...new Set([...follower.asFollower, 0x2a2a, 5])]
    const agreed = suitesOf(more, { ...follower, asFollower: all })
    expect(agreed.filter((code) => isGrease(code) || code === 5)).toEqual([])
  })
})

test('dropping a suite that was not agreed on changes nothing', () => {
  fc.assert(
    fc.property(hubs, followers, fc.nat(), (hub, follower, place) => {
      const before = suitesOf(hub, follower)
      const others = hub.asHub.filter((code) => !before.includes(code))
      const dropped = others[place % Math.max(1, others.length)]
      const without = { ...hub, asHub: hub.asHub.filter((code) => code !== dropped) }
      expect(suitesOf(without, follower)).toEqual(before)
    }),
  )
})

test("appending to the hub's list changes the choice only where there was none", () => {
  fc.assert(
    fc.property(hubs, followers, fc.constantFrom(1, 2, 3, 4, 0xf009), (hub, follower, code) => {
      fc.pre(!hub.asHub.includes(code))
      const table = privateTable({ code: 0xf009 })
      const more = {
        ...hub,
        asHub: [...hub.asHub, code],
        suites: code === 0xf009 ? [...hub.suites, table] : hub.suites,
      }
      const before = suitesOf(hub, follower)
      const after = suitesOf(more, follower)
      expect(after.slice(0, before.length)).toEqual(before)
    }),
  )
})

test('negotiation is idempotent: what was agreed agrees on itself', () => {
  pairs((hub, follower) => {
    const suites = suitesOf(hub, follower)
    const again = suitesOf({ ...hub, asHub: [...suites] }, { ...follower, asFollower: [...suites] })
    expect(again).toEqual(suites)
  })
})

test('a tampered list, party or document changes the id', () => {
  pairs((hub, follower) => {
    const outcome = negotiate(hub, follower, builtIn)
    fc.pre(outcome.kind === 'agreed')
    const ids = [
      negotiate({ ...hub, asHub: [...hub.asHub].toReversed() }, follower, builtIn),
      negotiate({ ...hub, contact: 'mailto:someone@a.example' }, follower, builtIn),
      negotiate(hub, { ...follower, seq: follower.seq + 1 }, builtIn),
      negotiate({ ...hub, provider: 'e.example' }, follower, builtIn),
    ].map((other) => (other.kind === 'agreed' ? other.agreement.id : undefined))
    const unchanged = hub.asHub.length < 2 ? ids.slice(1) : ids
    expect(unchanged).not.toContain(outcome.agreement.id)
  })
})

test('an agreement lives as long as the shorter of its documents', () => {
  pairs((hub, follower) => {
    const outcome = negotiate(hub, follower, builtIn)
    fc.pre(outcome.kind === 'agreed')
    expect(outcome.agreement.expiresAt).toBe(Math.min(hub.expiresAt, follower.expiresAt))
  })
})

test('near misses name suites of both offers, the nearest first, each with a conflict', () => {
  pairs((hub, follower) => {
    const outcome = negotiate(hub, follower, builtIn)
    fc.pre(outcome.kind === 'no-common-suite')
    expect(outcome.nearest.length).toBeLessThanOrEqual(3)
    const sizes = outcome.nearest.map(({ conflicts }) => conflicts.length)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    for (const { suite, closest } of outcome.nearest) {
      expect(hub.asHub).toContain(suite)
      expect(follower.asFollower).toContain(closest)
    }
  })
})

test('a room gets the first suite that is in the agreement with every participant', () => {
  fc.assert(
    fc.property(hubs, groups, (hub, documents) => {
      const participants = present(documents)
      const choice = chooseForRoom(hub, participants)
      const lists = participants.map((participant) => suitesOf(hub, participant))
      const possible = hub.asHub.filter((code) => lists.every((list) => list.includes(code)))
      fc.pre(participants.length > 0)
      expect(chosen(choice)).toBe(possible[0])
      const refused = choice.kind === 'chosen' ? [] : choice.refused
      expect(refused.filter(({ by }) => by.length === 0)).toEqual([])
    }),
  )
})

test('the order of participants does not matter, and another one never moves the choice forward', () => {
  fc.assert(
    fc.property(hubs, groups, followers, (hub, documents, another) => {
      const participants = present(documents)
      const choice = chooseForRoom(hub, participants)
      const turned = chooseForRoom(hub, participants.toReversed())
      expect(chosen(turned)).toBe(chosen(choice))
      const later = chosen(chooseForRoom(hub, [...participants, another]))
      fc.pre(later !== undefined)
      expect(hub.asHub).toContain(chosen(choice))
      expect(hub.asHub.indexOf(later)).toBeGreaterThanOrEqual(
        hub.asHub.indexOf(chosen(choice) ?? 0),
      )
    }),
  )
})
