import { z } from 'zod'
import { numberColumn, textColumn } from '../sqlite/row.ts'
import type { DsContext } from './context.ts'
import { DsProblem } from './problems.ts'

/**
 * Asks the gateway what moderators are to hear of reports, and puts it into the queues of their clients
 * in the room: of nobody else's. Resolves to how many notices there were. Throws `gateway-unreachable`.
 */
export async function passReportNotices(ctx: DsContext): Promise<number> {
  const row = ctx.store.get('SELECT coalesce(max(sequence), 0) AS last FROM ds_report_notices')
  const answer = await ctx.gateway.reportNotices(row === undefined ? 0 : numberColumn(row, 'last'))
  if (answer.status !== 200) throw new DsProblem('gateway-unreachable')
  const { notices } = answerSchema.parse(JSON.parse(answer.bytes.toString('utf8')))
  for (const notice of notices) await ctx.mutex.run(`room:${notice.room}`, () => pass(ctx, notice))
  return notices.length
}

/** Written with the number: each client gets a notice once, whenever we stop. */
async function pass(
  ctx: DsContext,
  { sequence, room, moderators, ...told }: z.infer<typeof noticeSchema>,
): Promise<void> {
  const clients = moderators.flatMap((moderator) => clientsOf(ctx, room, moderator))
  const body = Buffer.from(JSON.stringify(told))
  await ctx.store.writeAll([
    ...ctx.queues.append({ kind: 'report-notice', room, change: '', body }, clients),
    ['UPDATE ds_report_notices SET sequence = ?', [sequence]],
  ])
  ctx.queues.wake(clients)
}

/** The clients in the room of a participant, which is a user or a pseudonym of one. */
function clientsOf({ store }: DsContext, room: string, participant: string): readonly string[] {
  return store.all(CLIENTS, [participant, room]).map((row) => textColumn(row, 'client'))
}

/** Who else is told stays here. */
const noticeSchema = z.object({
  sequence: z.int().min(1),
  room: z.string(),
  moderators: z.array(z.string()),
  id: z.string(),
  subject: z.string(),
  category: z.string(),
  verification: z.string(),
  distinctReporters: z.string(),
  timeBucket: z.string(),
  messageIds: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
})
const answerSchema = z.object({ notices: z.array(noticeSchema) })
const CLIENTS = `SELECT m.client FROM ds_members m JOIN ds_clients c ON c.client = m.client
  WHERE m.room = ?2 AND c.user IN
    (SELECT ?1 UNION SELECT user FROM ds_pseudonyms WHERE pseudonym = ?1)
  ORDER BY m.client`
