import { expect, test } from 'vitest'
import { metricsText, startTracing } from '../../../src/telemetry.ts'
import { createMetrics } from '../../../src/signals/metrics.ts'
import { withSpan } from '../../../src/signals/spans.ts'

test('business events become counters, histograms and gauges in Prometheus format', async () => {
  const metrics = createMetrics()
  const exchange = { operation: 'submitMessage', direction: 'ingress', durationMs: 3 } as const
  metrics.exchangeEnded({ ...exchange, outcome: 'accepted' })
  metrics.exchangeEnded({ ...exchange, outcome: 'rate-limited' })
  metrics.limited('submitMessage', 'roomSender', 'enforce')
  metrics.fanoutEnded('delivered')
  metrics.stamped('franked')
  metrics.reportReceived('verified')
  metrics.policiesRefused()
  metrics.observe('queueLength', () => 7)
  metrics.observe('policiesLoaded', () => 1_800_000_000.5)
  const lines = (await metricsText()).split('\n')
  const labels = 'operation="submitMessage",direction="ingress"'
  expect(lines).toEqual(
    expect.arrayContaining([
      `postern_exchanges_total{${labels},outcome="accepted"} 1`,
      `postern_exchanges_total{${labels},outcome="rate-limited"} 1`,
      `postern_exchange_duration_seconds_count{${labels}} 2`,
      `postern_exchange_duration_seconds_bucket{${labels},le="0.005"} 2`,
      'postern_limited_total{operation="submitMessage",limit="roomSender",mode="enforce"} 1',
      'postern_fanout_total{outcome="delivered"} 1',
      'postern_stamps_total{kind="franked"} 1',
      'postern_reports_total{result="verified"} 1',
      'postern_policies_refused_total 1',
      'postern_queue_length 7',
      'postern_policies_loaded_seconds 1800000000.5',
    ]),
  )
})

test('without an endpoint nothing is traced and spans cost nothing', async () => {
  await startTracing({ otlpEndpoint: undefined, sampleRatio: 1 })
  expect(await withSpan('exchange', { size: 1 }, () => Promise.resolve(5))).toBe(5)
  await expect(
    withSpan('exchange', {}, () => Promise.reject(new RangeError('why'))),
  ).rejects.toThrow('why')
})
