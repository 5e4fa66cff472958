import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import type { TakenReport } from '../../../src/reports/follow-ups.ts'
import { acceptedMs, room, textContent } from '../../support/franking.ts'
import { abusive, openDesk, reportExchange } from '../../support/reports.ts'

const content = textContent('abusive')

async function openScene() {
  const time = { nowMs: acceptedMs + 60_000 }
  const state: { fault: Error | undefined } = { fault: new GatewayError('store-unavailable') }
  const asked: TakenReport[] = []
  const faults: unknown[] = []
  const options = {
    clock: () => time.nowMs,
    onTaken: async (report: TakenReport) => {
      asked.push(report)
      await Promise.resolve()
      if (state.fault !== undefined) throw state.fault
    },
    onFault: (fault: unknown) => void faults.push(fault),
  }
  return { ...(await openDesk(options)), time, state, asked, faults }
}

test('what could not follow from a report costs nobody the report, and follows later, once', async () => {
  const { desk, time, state, asked, faults } = await openScene()
  const receipt = await desk.receive(reportExchange({ messages: [abusive(content)] }))
  expect(receipt).toMatchObject({ result: 'verified', duplicate: false })
  expect(faults).toEqual([state.fault])

  // Whoever takes it may still be at work.
  expect(await desk.followUp()).toBe(0)
  time.nowMs += 60_001
  await expect(desk.followUp()).rejects.toBe(state.fault)
  state.fault = undefined
  expect(await desk.followUp()).toBe(1)
  await settled()
  expect(await desk.followUp()).toBe(0)

  expect(asked).toHaveLength(3)
  const [first, ...later] = asked
  expect(first).toMatchObject({ id: receipt.id, room, result: 'verified' })
  expect(first?.verified).toMatchObject([{ method: 'frank', acceptedAtMs: acceptedMs }])
  // Read back, it is the same report, without what only the first moment knows.
  for (const again of later) expect(first).toMatchObject(again)
})

test('one fault keeps no other report from what follows', async () => {
  const { desk, time, state, asked } = await openScene()
  for (const text of ['one', 'two', 'three'])
    await desk.receive(reportExchange({ messages: [abusive(textContent(text))] }))
  time.nowMs += 60_001
  asked.length = 0
  const [unlucky] = desk.list()
  Object.defineProperty(state, 'fault', {
    get: () =>
      asked.at(-1)?.id === unlucky?.id ? new GatewayError('store-unavailable') : undefined,
  })
  await expect(desk.followUp()).rejects.toMatchObject({ code: 'store-unavailable' })
  await settled()
  expect(asked).toHaveLength(3)
  await expect(desk.followUp()).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(asked.slice(3).map(({ id }) => id)).toEqual([unlucky?.id])
})

test('nothing follows from the same report again', async () => {
  const { desk, state, asked } = await openScene()
  state.fault = undefined
  const report = reportExchange({ messages: [abusive(content)] })
  await desk.receive(report)
  expect(await desk.receive(report)).toMatchObject({ duplicate: true })
  expect(asked).toHaveLength(1)
})

/** As long as a write that nobody waits for may take to its commit. */
async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 200)
  })
}
