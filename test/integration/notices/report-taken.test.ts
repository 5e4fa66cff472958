import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/model/errors.ts'
import { createReportTaken } from '../../../src/notices/report-taken.ts'
import type { TakenReport } from '../../../src/reports/follow-ups.ts'
import { consentBits } from '../../../src/wire/mimi/report-extension.ts'
import { hubDomain, openSides, pseudonym, room } from '../../support/notices.ts'

const report: TakenReport = {
  id: 'rep-1',
  receivedAtMs: 1_795_132_800_000,
  room,
  provider: 'other.example',
  subject: pseudonym,
  category: 'harassment',
  messages: 1,
  result: 'verified',
  consentFlags: consentBits.forward,
  reporterProof: 'none',
  reporter: 'handle-1',
  verified: [
    {
      messageId: Buffer.alloc(32, 1),
      frankingTag: Buffer.alloc(32, 2),
      method: 'frank',
      acceptedAtMs: 1_795_132_700_000,
    },
  ],
  evidence: { keyId: 'key-1', encapsulation: Buffer.alloc(32), ciphertext: Buffer.alloc(16) },
}

test('a fault with moderators keeps no notice from the sender’s provider, and it is sent once', async () => {
  const { hub } = await openSides()
  const moderators: { fault: GatewayError | undefined } = {
    fault: new GatewayError('store-unavailable'),
  }
  const taken = createReportTaken({
    self: hubDomain,
    desk: hub.desk,
    strikes: hub.strikes,
    router: {
      noticeOf: () => ({
        allowed: true,
        policies: ['r3-sender-notice'],
        evidence: { allowed: false, policies: [] },
        anonymitySet: 9,
      }),
    },
    tellModerators: () =>
      moderators.fault === undefined ? Promise.resolve() : Promise.reject(moderators.fault),
  })
  await expect(taken(report)).rejects.toBe(moderators.fault)
  const sent = () => hub.desk.listSent({ about: report.id, limit: 10 })
  expect(sent().map(({ notice }) => notice.message.type)).toEqual(['notice'])
  moderators.fault = undefined
  await taken(report)
  expect(sent()).toHaveLength(1)
})
