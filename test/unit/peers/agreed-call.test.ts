import { expect, test } from 'vitest'
import type { PeerAnswer, PeerCall } from '../../../src/delivery/peer-call.ts'
import { problemResponse } from '../../../src/listener/problems.ts'
import { GatewayError, type ErrorCode } from '../../../src/model/errors.ts'
import { parseProviderDomain } from '../../../src/model/ids.ts'
import { agreedCall } from '../../../src/peers/agreed-call.ts'

const peerCall = {
  peer: parseProviderDomain('b.example'),
  operation: 'notify',
  target: 'mimi://a.example/r/club',
  bytes: Buffer.from('body'),
} as const

const accepted: PeerAnswer = { status: 201, bytes: Buffer.alloc(0) }

function refused(code: ErrorCode): PeerAnswer {
  return problemResponse(new GatewayError(code))
}

/** A peer that answers so, in turn, and a side of ours that has two agreements. */
function exchange(...answers: readonly PeerAnswer[]) {
  const named: (string | undefined)[] = []
  let refreshed = 0
  const run = agreedCall(
    {
      call: (call: PeerCall) => {
        named.push(call.agreement)
        return Promise.resolve(answers[named.length - 1] ?? accepted)
      },
      refresh: () => {
        refreshed += 1
        return Promise.resolve()
      },
      agreement: (ids) => (ids.size > 0 ? 'old' : refreshed > 0 ? 'newer' : 'new'),
    },
    peerCall,
  )
  return { run, named, refreshed: () => refreshed }
}

test('an answer is passed on', async () => {
  const { run, named } = exchange({ status: 403, bytes: Buffer.from('no') })
  expect(await run).toMatchObject({ status: 403 })
  expect(named).toEqual(['new'])
})

test('after a stale one both look again, and one more attempt is made', async () => {
  const { run, named, refreshed } = exchange(refused('agreement-stale'))
  expect(await run).toBe(accepted)
  expect([named, refreshed()]).toEqual([['new', 'newer'], 1])
})

test('where the peer waits for its operator, the older one is named', async () => {
  const { run, named, refreshed } = exchange(refused('agreement-pending'))
  expect(await run).toBe(accepted)
  expect([named, refreshed()]).toEqual([['new', 'old'], 0])
})

test.each(['agreement-stale', 'agreement-pending'] as const)(
  'a third %s is a fault that can be tried again later',
  async (code) => {
    const { run, named } = exchange(refused(code), refused(code), refused(code))
    await expect(run).rejects.toMatchObject({ code, retryAfterMs: 2_000 })
    expect(named).toHaveLength(3)
  },
)

test('where looking again does not help, the older one is named', async () => {
  const { run, named, refreshed } = exchange(refused('agreement-stale'), refused('agreement-stale'))
  expect(await run).toBe(accepted)
  expect([named, refreshed()]).toEqual([['new', 'newer', 'old'], 1])
})

test('another conflict is an answer like any other', async () => {
  const { run, named } = exchange(refused('suite-unavailable'))
  expect((await run).status).toBe(409)
  expect(named).toHaveLength(1)
})
