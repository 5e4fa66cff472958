import { expect, test } from 'vitest'
import { accessEvents, testHappening, webhookEvents } from '../../../src/feeds/happenings.ts'
import { ocsfEvent } from '../../../src/feeds/ocsf.ts'

type Fields = Readonly<Record<string, unknown>>

/** What OCSF 1.2.0 asks of an event and lets it say: `base_event`, `detection_finding`, `api_activity`. */
const base = {
  required: [
    'activity_id',
    'category_uid',
    'class_uid',
    'metadata',
    'severity_id',
    'time',
    'type_uid',
  ],
  allowed: ['message', 'status_id', 'unmapped'],
}
const finding = { required: [...base.required, 'finding_info'], allowed: base.allowed }
const api = {
  required: [...base.required, 'actor', 'api', 'src_endpoint'],
  allowed: [...base.allowed, 'resources'],
}
const objects: Readonly<Record<string, { required: string[]; allowed: string[] }>> = {
  finding_info: { required: ['title', 'uid'], allowed: ['types'] },
  metadata: {
    required: ['product', 'version'],
    allowed: [
      'event_code',
      'log_name',
      'log_provider',
      'original_time',
      'sequence',
      'tenant_uid',
      'uid',
    ],
  },
  actor: { required: [], allowed: ['user'] },
  api: { required: ['operation'], allowed: ['service'] },
  src_endpoint: { required: [], allowed: ['svc_name'] },
}

const source = { provider: 'a.example', version: '1.2.3', handleOf: () => 'handle-of-ann' }

function written(change: Partial<Parameters<typeof ocsfEvent>[0]>): Fields {
  const happening = { ...testHappening('0f', 1_796_000_012_345), ...change }
  return JSON.parse(JSON.stringify(ocsfEvent(happening, source))) as Fields
}

function check(fields: Fields, { required, allowed }: { required: string[]; allowed: string[] }) {
  const names = Object.keys(fields)
  expect(required.filter((name) => !names.includes(name))).toEqual([])
  expect(names.filter((name) => ![...required, ...allowed].includes(name))).toEqual([])
}

test.each([...webhookEvents, ...accessEvents])('%s has what its class asks for', (name) => {
  const event = written({ name, case: 'case-1', category: 'spam', by: 'ann', report: 'rep-1' })
  const isAccess = accessEvents.some((access) => access === name)
  check(event, isAccess ? api : finding)
  for (const [field, rules] of Object.entries(objects))
    if (field in event) check(event[field] as Fields, rules)
  expect(event['type_uid']).toBe(Number(event['class_uid']) * 100 + Number(event['activity_id']))
  expect(event['category_uid']).toBe(isAccess ? 6 : 2)
  expect(JSON.stringify(event)).not.toContain('"ann"')
})

test('the life of a finding follows the case', () => {
  const life = [
    written({ name: 'case.opened', category: 'child.csam' }),
    written({ name: 'case.claimed', category: 'child.csam' }),
    written({ name: 'case.decided', category: 'child.csam', outcome: 'action' }),
    written({ name: 'case.decided', category: 'spam', outcome: 'no-action' }),
    written({ name: 'case.closed', category: 'spam', outcome: 'action' }),
  ]
  expect(
    life.map((event) => [event['activity_id'], event['status_id'], event['severity_id']]),
  ).toEqual([
    [1, 1, 5],
    [2, 2, 5],
    [2, 4, 5],
    [2, 3, 1],
    [3, 4, 1],
  ])
})
