import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exposureDiff, exposureRises } from '../../../src/policy/exposure-diff.ts'
import { loadPolicies } from '../../../src/policy/load.ts'
import { sampleRequests } from '../../../src/policy/sample-requests.ts'
import { compiledEngine } from '../../../src/policy/compiled-engine.ts'
import { permitAll } from '../../support/policy.ts'

const profile = (name: string) =>
  loadPolicies(readFileSync(`policies/profiles/${name}/policies.cedar`, 'utf8'))
const all = loadPolicies(permitAll)
const nothing = loadPolicies('')

function changed(before: Parameters<typeof exposureDiff>[0], after: typeof before) {
  return exposureDiff(before, after).filter(({ more, less }) => more + less > 0)
}

test('a set shows as much as itself', () => {
  const consumer = profile('consumer')
  expect(changed(consumer, profile('consumer'))).toEqual([])
  expect(exposureRises(exposureDiff(consumer, consumer))).toBe(false)
})

test('permitting everything raises every cell, and taking it back none', () => {
  const up = exposureDiff(nothing, all)
  expect(up.every(({ more, situations }) => more === situations)).toBe(true)
  expect(exposureRises(exposureDiff(all, nothing))).toBe(false)
})

test('one forbid for one named peer in one group is found, with a situation that shows it', () => {
  const forbid =
    '@id("never") @reason("r") forbid (principal == Peer::"c.example", action == Action::"room.id:exact", resource) when { principal in PeerGroup::"x" && resource.region == Region::"UK" && context.purpose == Purpose::"moderation" };'
  const cells = changed(all, loadPolicies(`${permitAll}\n${forbid}`))
  expect(new Set(cells.map(({ ladder, purpose }) => `${ladder} ${purpose}`))).toEqual(
    new Set(['room.id moderation']),
  )
  for (const { more, less, lessWhen } of cells) {
    // One for each region of the peer: whoever's region is read, both are told apart.
    expect([more, less]).toEqual([0, 4])
    expect(lessWhen).toMatchObject({
      principal: { id: 'c.example', groups: ['x'] },
      resource: { region: 'UK' },
    })
  }
})

test('no sampled request goes beyond the cell of the matrix that it falls into', () => {
  const enterprise = profile('enterprise')
  const cells = new Map(
    exposureDiff(enterprise, enterprise).map((cell) => [
      JSON.stringify([cell.ladder, cell.peerClass, cell.purpose]),
      cell.after.form,
    ]),
  )
  const engine = compiledEngine(enterprise)
  for (const request of sampleRequests(enterprise, { count: 5_000, seed: 7 })) {
    if (!('purpose' in request.context) || engine.decide(request).decision === 'deny') continue
    const ladder = request.action.slice(0, request.action.lastIndexOf(':'))
    const key = JSON.stringify([ladder, request.principal.class, request.context.purpose])
    expect(cells.get(key)).not.toBe('-')
  }
})
