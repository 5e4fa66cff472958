import { describe, expect, test } from 'vitest'
import {
  attestedHeader,
  attestedValues,
  missingAttested,
  parseAttestedHeader,
  showAttested,
  type Attested,
} from '../../../src/metadata/attested.ts'
import type { GrantedPlan } from '../../../src/metadata/plan.ts'
import { createPlanTable } from '../../../src/policy/plan-table.ts'
import { declarations } from '../../../src/protocols/mimi/declarations.ts'
import { engineOf, peerFacts, permitAll, policyRoom, profileEngine } from '../../support/policy.ts'

const full: Attested = {
  organisation: 'Ærø Shipping',
  deviceClass: 'managed',
  country: 'DK',
  deliveredAt: 1_700_000_000_123n,
}

function planOf(
  suite: string,
  operation: 'submitMessage' | 'notify',
  text = permitAll,
): GrantedPlan {
  const table = createPlanTable(engineOf(text), declarations)
  const plan = table.plan({
    peer: peerFacts(),
    room: policyRoom(suite),
    operation,
    direction: 'ingress',
    audience: 'hub',
    purpose: 'delivery',
  })
  if (plan.kind === 'refused') throw new Error(plan.field)
  return plan
}

test('what is said comes back as it was said', () => {
  const header = attestedHeader(full) ?? ''
  expect(header).toMatch(/^[A-Za-z0-9_-]+$/)
  expect(Buffer.from(header, 'base64url').readUInt16BE()).toBe(0x8d02)
  expect(parseAttestedHeader(header)).toEqual(full)
  expect(attestedHeader({})).toBeUndefined()
})

describe('another spelling is no header', () => {
  const bytes = Buffer.from(attestedHeader(full) ?? '', 'base64url')
  const cases: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['padding', `${bytes.toString('base64')}=`],
    ['no base64url', '!'],
    ['trailing octets', Buffer.concat([bytes, Buffer.from([0])]).toString('base64url')],
    ['a cut', bytes.subarray(0, -1).toString('base64url')],
    ['another component', Buffer.from('8d0300000000', 'hex').toString('base64url')],
    ['a presence of 2', Buffer.from('8d0202000000', 'hex').toString('base64url')],
    ['an unknown device class', Buffer.from('8d020001090000', 'hex').toString('base64url')],
    ['a country in lower case', Buffer.from('8d0200000164650000', 'hex').toString('base64url')],
    ['a name of 129 octets', longName(129)],
    ['too much', 'A'.repeat(513)],
  ]
  test.each(cases)('%s', (_, header) => {
    expect(parseAttestedHeader(header)).toBeUndefined()
  })
})

test('only a suite that asks for it lets it through', () => {
  const { deliveredAt: _deliveredAt, ...sender } = full
  expect(showAttested(full, planOf('compliance', 'submitMessage').request)).toEqual({
    ...sender,
    deliveredAt: undefined,
  })
  for (const suite of ['bare-minimum', 'moderated-pseudonyms', 'identified'])
    expect(attestedHeader(showAttested(full, planOf(suite, 'submitMessage').request))).toBe(
      undefined,
    )
})

test('what a suite requires and nobody says is missing', () => {
  const { request } = planOf('compliance', 'submitMessage')
  expect(missingAttested(full, request)).toBeUndefined()
  expect(missingAttested({ ...full, country: undefined }, request)).toBe('sender.country')
  expect(missingAttested({}, planOf('identified', 'submitMessage').request)).toBeUndefined()
})

test('a delivery time is shown in the bucket of its suite', () => {
  const { response } = planOf('compliance', 'notify')
  expect(showAttested(full, response).deliveredAt).toBe(1_700_000_000_000n)
})

test('the journal gets each in the form in which it was said', () => {
  expect(attestedValues({ ...full, deviceClass: undefined })).toEqual({
    'sender.organisation': { form: 'exact', value: 'Ærø Shipping' },
    'sender.country': { form: 'bucket', value: 'DK' },
    'delivery.time': { form: 'exact', value: 1_700_000_000_123 },
  })
})

test('the enterprise policies serve it under an agreement, the consumer ones do not', () => {
  expect([served('enterprise', true), served('enterprise', false)]).toEqual(['granted', 'refused'])
  expect(served('consumer', true)).toBe('refused')
})

function served(profile: 'enterprise' | 'consumer', agreement: boolean): string {
  return createPlanTable(profileEngine(profile), declarations).plan({
    peer: peerFacts({ agreement }),
    room: policyRoom('compliance', { profile: 'enterprise' }),
    operation: 'submitMessage',
    direction: 'egress',
    audience: 'hub',
    purpose: 'delivery',
  }).kind
}

function longName(length: number): string {
  const name = 'a'.repeat(length)
  const head = Buffer.from([0x8d, 0x02, 1, 0x40 | (length >> 8), length & 0xff])
  return Buffer.concat([head, Buffer.from(name), Buffer.alloc(3)]).toString('base64url')
}
