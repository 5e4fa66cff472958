import { expect, onTestFinished, test, vi } from 'vitest'
import { RING_SIZE } from '../../../src/decision-log/outlet.ts'
import { metricsText } from '../../../src/telemetry.ts'
import {
  admissionOf,
  decisionLogTo,
  memorySink,
  planOf,
  submission,
} from '../../support/decisions.ts'
import { policyRoom } from '../../support/policy.ts'

const quarantined = submission({ peer: { class: 'quarantined' } })

/** The total of a counter of dropped decisions: other tests of this process count too. */
async function dropped(reason: 'full' | 'failed'): Promise<number> {
  const text = await metricsText()
  const line = text
    .split('\n')
    .find((each) => each.startsWith('postern_decision_log_dropped') && each.includes(reason))
  return Number(line?.split(' ').at(-1) ?? 0)
}

test('refusals are logged where no allow is', async () => {
  const sink = memorySink()
  const { decisionLog } = decisionLogTo([sink], { sampleAllows: 0 })
  const granted = submission()
  decisionLog.admission(granted, admissionOf(granted), 'room-pseudonym')
  decisionLog.disclosure(granted, planOf(granted, 'hub'), 'hub')
  decisionLog.admission(quarantined, admissionOf(quarantined), 'room-pseudonym')
  decisionLog.disclosure(granted, MISFIT, 'hub')
  await decisionLog.flush()
  expect(sink.records.map(({ path, result, req_id: number }) => [path, result, number])).toEqual([
    ['postern/admission', { outcome: 'refused', policies: ['quarantine'] }, 1],
    [
      'postern/disclosure',
      {
        outcome: 'refused',
        part: 'request',
        field: 'sender.user',
        reason: 'bytes',
        shown: 'exact',
      },
      2,
    ],
  ])
})

const MISFIT = {
  kind: 'refused',
  part: 'request',
  field: 'sender.user',
  reason: { kind: 'bytes', shown: 'exact' },
} as const

test('a granted disclosure says of each field its form and the policies that decide it', async () => {
  const sink = memorySink()
  const { decisionLog } = decisionLogTo([sink])
  const granted = submission()
  const plan = planOf(granted, 'follower')
  decisionLog.disclosure(granted, plan, 'follower')
  await decisionLog.flush()
  if (plan.kind === 'refused') throw new Error('refused')
  const shown = plan.response['message.time']
  expect(sink.records[0]).toMatchObject({
    bundles: { postern: { revision: granted.decisions.engine.revision } },
    result: {
      outcome: 'granted',
      response: { 'message.time': { form: shown?.shown, policies: shown?.policies } },
    },
  })
})

test('the log keeps no time that the archive may not see', async () => {
  const sink = memorySink()
  const { decisionLog } = decisionLogTo([sink])
  for (const suite of ['identified', 'bare-minimum']) {
    const asked = submission({ room: policyRoom(suite) })
    decisionLog.admission(asked, admissionOf(asked), 'room-pseudonym')
  }
  await decisionLog.flush()
  const archived = ['identified', 'bare-minimum'].map((suite) => {
    const plan = planOf(submission({ room: policyRoom(suite) }), 'archive')
    return plan.kind === 'granted' ? plan.request['message.time'] : undefined
  })
  expect(archived.map((cell) => cell?.shown)).toEqual(['bucket', 'absent'])
  expect(sink.records.map(({ timestamp }) => timestamp)).toEqual([
    '2027-01-02T03:04:05.000Z',
    '2027-01-02T00:00:00.000Z',
  ])
})

test('what a full ring cannot take is counted, and the next record says how much it was', async () => {
  const sink = memorySink()
  const { decisionLog } = decisionLogTo([sink])
  const before = await dropped('full')
  const refusal = admissionOf(quarantined)
  for (let index = 0; index < RING_SIZE + 5; index += 1)
    decisionLog.admission(quarantined, refusal, 'room-pseudonym')
  await decisionLog.flush()
  expect(sink.records).toHaveLength(RING_SIZE)
  expect((await dropped('full')) - before).toBe(5)
  decisionLog.admission(quarantined, refusal, 'room-pseudonym')
  decisionLog.admission(quarantined, refusal, 'room-pseudonym')
  await decisionLog.flush()
  const [, last] = sink.records.splice(RING_SIZE - 1)
  expect(sink.records.every(({ metrics }) => metrics === undefined)).toBe(true)
  expect([last?.req_id, last?.metrics]).toEqual([RING_SIZE + 6, { counter_lost: 5 }])
})

test('a sink that fails loses what it was given, says so once, and goes on when it can', async () => {
  const sink = memorySink()
  const { decisionLog, lines } = decisionLogTo([sink])
  const before = await dropped('failed')
  const refuse = async (): Promise<void> => {
    decisionLog.admission(quarantined, admissionOf(quarantined), 'room-pseudonym')
    await decisionLog.flush()
  }
  sink.broken = true
  await refuse()
  await refuse()
  sink.broken = false
  await refuse()
  await refuse()
  expect(sink.records.map(({ req_id: number, metrics }) => [number, metrics])).toEqual([
    [3, { counter_lost: 2 }],
    [4, undefined],
  ])
  expect((await dropped('failed')) - before).toBe(2)
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: 'error', event: 'decision-log.failed', sink: 'file', reason: 'ENOSPC' },
    { level: 'info', event: 'decision-log.resumed' },
  ])
})

test('a sink that cannot be written to is known of before there is a decision', async () => {
  const sink = memorySink()
  sink.broken = true
  const { decisionLog, lines } = decisionLogTo([sink])
  await decisionLog.flush()
  expect(lines).toHaveLength(1)
  expect(await metricsText()).toMatch(/^postern_decision_log_dropped_total{.*reason="full"} \d+$/m)
})

test('what cannot be written at the end is said', async () => {
  const sink = memorySink()
  const { decisionLog, lines } = decisionLogTo([sink])
  sink.broken = true
  for (let index = 0; index < 1_000; index += 1)
    decisionLog.admission(quarantined, admissionOf(quarantined), 'room-pseudonym')
  await decisionLog[Symbol.asyncDispose]()
  const [failed, abandoned] = lines.map((line): unknown => JSON.parse(line))
  expect(failed).toMatchObject({ event: 'decision-log.failed' })
  // One batch was tried.
  expect(abandoned).toMatchObject({ event: 'decision-log.abandoned', count: 1_000 - 256 })
})

test('a sink that never answers holds up neither the other one nor the end', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const [stuck, sink] = [memorySink(), memorySink()]
  stuck.stuck = true
  const { decisionLog } = decisionLogTo([stuck, sink])
  decisionLog.admission(quarantined, admissionOf(quarantined), 'room-pseudonym')
  await vi.advanceTimersByTimeAsync(100)
  expect(sink.records).toHaveLength(1)
  const ended = decisionLog[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(5_000)
  await ended
})

test('a decision has the same id wherever it is logged, and no other has it', async () => {
  const [first, second] = [memorySink(), memorySink()]
  const { decisionLog } = decisionLogTo([first, second])
  for (let index = 0; index < 3; index += 1)
    decisionLog.admission(quarantined, admissionOf(quarantined), 'room-pseudonym')
  await decisionLog.flush()
  const ids = first.records.map(({ decision_id: id }) => id)
  expect(second.records.map(({ decision_id: id }) => id)).toEqual(ids)
  expect(new Set(ids).size).toBe(3)
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
