import { hash } from 'node:crypto'
import type { DsContext } from './context.ts'

/** What names a message among a client's own: SHA-256 of the MLSMessage. */
export function messageDigest(message: Uint8Array): Buffer {
  return hash('sha256', message, 'buffer')
}

/**
 * A client's own message on its way to the hub. The answer tells the client what became of it, so the
 * fanned-out copy does not go back to it; but only an answer that it really got counts as one.
 */
export interface Submission {
  readonly client: string
  readonly digest: Buffer
}

export async function openSubmission(
  ctx: DsContext,
  { client, digest }: Submission,
): Promise<void> {
  const now = ctx.clock()
  await ctx.store.writeAll([
    ['DELETE FROM ds_submissions WHERE submitted_ms < ?', [now - SUBMISSION_KEPT_MS]],
    [
      `INSERT INTO ds_submissions (client, digest, answered, submitted_ms) VALUES (?, ?, 0, ?)
       ON CONFLICT DO NOTHING`,
      [client, digest, now],
    ],
  ])
}

/** The hub accepted: the copy in the queue, now or later, is not for this client. */
export async function submissionAccepted(
  ctx: DsContext,
  { client, digest }: Submission,
): Promise<void> {
  await ctx.store.writeAll([
    ['UPDATE ds_submissions SET answered = 1 WHERE client = ? AND digest = ?', [client, digest]],
    ['DELETE FROM ds_queues WHERE client = ? AND withheld = ?', [client, digest]],
  ])
  ctx.queues.wake([client])
}

/** The hub refused, or nobody knows: if there is a copy, the client gets it. */
export async function submissionFailed(
  ctx: DsContext,
  { client, digest }: Submission,
): Promise<void> {
  await ctx.store.writeAll([
    [
      'DELETE FROM ds_submissions WHERE client = ? AND digest = ? AND answered = 0',
      [client, digest],
    ],
    ['UPDATE ds_queues SET withheld = NULL WHERE client = ? AND withheld = ?', [client, digest]],
  ])
  ctx.queues.wake([client])
}

/** After a restart no answer of before can arrive any more. */
export async function failOpenSubmissions(ctx: Pick<DsContext, 'store'>): Promise<void> {
  await ctx.store.writeAll([
    ['DELETE FROM ds_submissions WHERE answered = 0'],
    ['UPDATE ds_queues SET withheld = NULL WHERE withheld IS NOT NULL'],
  ])
}

/** How long after its acceptance a copy is still recognised as the client's own. */
const SUBMISSION_KEPT_MS = 24 * 60 * 60 * 1_000
