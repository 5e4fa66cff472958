import {
  createStatusDesk,
  reportStatusAnswerMax,
  reportStatusPath,
  type StatusDesk,
} from '../notices/report-status.ts'
import { messageContentType } from '../notices/signed-message.ts'
import type { PipelineParts } from '../pipeline/parts.ts'

/** How reports to us stand, and those of our users to other hubs. */
export function openStatusDesk(
  parts: Pick<PipelineParts, 'peers' | 'peerClients' | 'reports' | 'reportReceipts' | 'clock'>,
): StatusDesk {
  const { peers, peerClients, reports, reportReceipts: receipts, clock } = parts
  return createStatusDesk({
    self: peers.self,
    reports,
    receipts,
    isServed: (domain) => peers.standing(domain) === 'allowed',
    ask: (message) => peerClients.post({ ...ASK, ...message }),
    clock,
  })
}

const ASK = {
  path: reportStatusPath,
  contentType: messageContentType,
  answerBytesMax: reportStatusAnswerMax,
  deadlineMs: 5_000,
} as const
