import {
  openAttachment,
  type AttachmentToOpen,
  type OpenedAttachment,
} from './attachments/open-attachment.ts'
import {
  forwardEvidence,
  type EvidenceToForward,
  type ForwardedEvidence,
} from './forward-evidence.ts'
import {
  openReport,
  type OpenedReport,
  type OpeningKeySet,
  type ReportToOpen,
} from './open-report.ts'
import { readForwarded, type ForwardedToRead, type ReadForwarded } from './read-forwarded.ts'

/** What the process is asked: a few tasks, and the keys for them. */
export interface VerifierWork {
  readonly keys: OpeningKeySet
  readonly tasks: readonly VerifierTask[]
}

/** A report that came in, evidence that goes out, evidence that came with a notice, or an attachment. */
export type VerifierTask =
  | { readonly task: 'open'; readonly asked: ReportToOpen }
  | { readonly task: 'forward'; readonly asked: EvidenceToForward }
  | { readonly task: 'read'; readonly asked: ForwardedToRead }
  | { readonly task: 'attachment'; readonly asked: AttachmentToOpen }

export type VerifierAnswer =
  | { readonly task: 'open'; readonly answer: OpenedReport }
  | { readonly task: 'forward'; readonly answer: ForwardedEvidence }
  | { readonly task: 'read'; readonly answer: ReadForwarded }
  | { readonly task: 'attachment'; readonly answer: OpenedAttachment }

/**
 * Runs in a process of its own, for a moment: the one place where the content of reports is read. It
 * may read code and nothing else, and is killed rather than ended, so nothing of it is written anywhere.
 */
function answer({ keys, tasks }: VerifierWork): readonly VerifierAnswer[] {
  return tasks.map((task) => carryOut(task, keys))
}

function carryOut({ task, asked }: VerifierTask, keys: OpeningKeySet): VerifierAnswer {
  switch (task) {
    case 'open':
      return { task, answer: openReport(asked, keys) }
    case 'forward':
      return { task, answer: forwardEvidence(asked, keys) }
    case 'read':
      return { task, answer: readForwarded(asked, keys) }
    case 'attachment':
      return { task, answer: openAttachment(asked) }
  }
}

process.on('message', (work: VerifierWork) => {
  process.send?.(answer(work))
})
