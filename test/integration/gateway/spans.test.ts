import { expect, test } from 'vitest'
import { recordSpans } from '../../../src/signals/span-recorder.ts'
import { useClubhouse } from '../../support/clubhouse.ts'
import { until } from '../../support/gateway-calls.ts'

const clubhouse = useClubhouse()

test('a message makes spans where it passes, which name operations and outcomes and nothing else', async () => {
  const room = await clubhouse().room()
  using recorder = recordSpans()
  const spans: ReturnType<typeof recorder.take>[number][] = []
  await clubhouse().bob.sendText(room, 'traced')
  const seen = (name: string, operation: string) => {
    spans.push(...recorder.take())
    return spans.filter((span) => span.name === name && span.attributes['operation'] === operation)
  }
  await until(() => seen('exchange', 'notify').length >= 2)
  // At Bob's gateway on its way out, then at the hub.
  expect(seen('exchange', 'submitMessage').map(({ attributes }) => attributes)).toEqual(
    expect.arrayContaining([
      { operation: 'submitMessage', direction: 'egress', outcome: 'accepted' },
      { operation: 'submitMessage', direction: 'ingress', outcome: 'accepted' },
    ]),
  )
  expect(seen('peer', 'submitMessage')).toHaveLength(1)
  expect(seen('upstream', 'submitMessage')).toHaveLength(1)
  const names = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))
  expect([...names].toSorted()).toEqual(['direction', 'operation', 'outcome'])
})
