import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { inspectApart } from '../../../src/policy/load-apart.ts'
import { loadPolicies } from '../../../src/policy/load.ts'
import { permitAll } from '../../support/policy.ts'

// Each text has a process of its own.
vi.setConfig({ testTimeout: 30_000 })

const when = (body: string): string =>
  `@id("x") @reason("r") permit (principal, action, resource) when { ${body} };`

test('policies come out of the process as they went in', async () => {
  const text = readFileSync('policies/profiles/consumer/policies.cedar', 'utf8')
  expect(await inspectApart({ bytes: Buffer.from(text), invariants: [] }, { nowMs: 0 })).toEqual({
    kind: 'valid',
    loaded: loadPolicies(text),
  })
})

test.each([
  ['too-deep', when(`${'('.repeat(150)}principal.verified${')'.repeat(150)}`)],
  ['too-complex', when(Array(400).fill('principal.verified').join(' && '))],
  ['text-too-long', '//'.padEnd(5 * 1024 * 1024, 'x')],
  ['not-text', Buffer.concat([Buffer.from(permitAll), Buffer.from([0xc3, 0x28])])],
  ['duplicate-id', `${permitAll}\n${permitAll}`],
  ['validation', when('principal in Unheard::"x"')],
])('%s is a finding, and the next text is read', async (fault, text) => {
  expect(
    await inspectApart({ bytes: Buffer.from(text), invariants: [] }, { nowMs: 0 }),
  ).toMatchObject({
    kind: 'invalid',
    findings: expect.arrayContaining([expect.objectContaining({ fault })]),
  })
  expect(
    await inspectApart({ bytes: Buffer.from(permitAll), invariants: [] }, { nowMs: 0 }),
  ).toMatchObject({
    kind: 'valid',
  })
})

test('a process that takes too long is given up', async () => {
  expect(
    await inspectApart(
      { bytes: Buffer.from(permitAll), invariants: [] },
      { nowMs: 0, timeMsMax: 1 },
    ),
  ).toMatchObject({
    kind: 'invalid',
    findings: [{ fault: 'time-or-memory' }],
  })
})
