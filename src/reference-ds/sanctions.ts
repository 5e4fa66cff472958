import { z } from 'zod'
import { blobColumn, numberColumn } from '../sqlite/row.ts'
import type { Statement } from '../sqlite/store.ts'
import { decode } from '../wire/codec.ts'
import { fanoutMessageCodec } from '../wire/mimi/fanout.ts'
import { tagOf } from './sanctioned.ts'
import type { DsContext } from './context.ts'
import { DsProblem } from './problems.ts'

/**
 * Asks the gateway for sanctions and applies them in their order: whom it bans gets nowhere here either,
 * and clients do not get what it retracts. Resolves to how many there were. Throws `gateway-unreachable`.
 */
export async function applySanctions(ctx: DsContext): Promise<number> {
  const row = ctx.store.get('SELECT coalesce(max(sequence), 0) AS last FROM ds_sanctions')
  const answer = await ctx.gateway.sanctions(row === undefined ? 0 : numberColumn(row, 'last'))
  if (answer.status !== 200) throw new DsProblem('gateway-unreachable')
  const { sanctions } = answerSchema.parse(JSON.parse(answer.bytes.toString('utf8')))
  for (const sanction of sanctions) {
    const outcome = await ctx.mutex.run(`room:${sanction.room}`, () => apply(ctx, sanction))
    await ctx.gateway.sanctionResult(sanction.id, outcome)
  }
  return sanctions.length
}

/** What the gateway is told. */
interface Outcome {
  readonly result: 'applied' | 'left-to-gateway'
  readonly dropped: number
}

async function apply(ctx: DsContext, sanction: Sanction): Promise<Outcome> {
  const { room, sequence, kind, participant, frankingTag } = sanction
  // Written with the effect: a sanction is applied once, whenever we stop.
  const done: Statement = ['UPDATE ds_sanctions SET sequence = ?', [sequence]]
  if (participant !== undefined && (kind === 'ban' || kind === 'unban')) {
    const sql =
      kind === 'ban'
        ? 'INSERT INTO ds_bans (room, participant) VALUES (?, ?) ON CONFLICT DO NOTHING'
        : 'DELETE FROM ds_bans WHERE room = ? AND participant = ?'
    await ctx.store.writeAll([[sql, [room, participant]], done])
    ctx.rooms.changeBans(room)
    return APPLIED
  }
  if (frankingTag !== undefined && (kind === 'retract' || kind === 'restore')) {
    const tag = Buffer.from(frankingTag, 'hex')
    if (kind === 'retract') return retract(ctx, { room, tag }, done)
    await ctx.store.writeAll([
      ['DELETE FROM ds_retracted WHERE room = ? AND tag = ?', [room, tag]],
      done,
    ])
    return APPLIED
  }
  // Every message passes the gateway, so its limits are enough.
  await ctx.store.writeAll([done])
  return { result: 'left-to-gateway', dropped: 0 }
}

async function retract(
  ctx: DsContext,
  { room, tag }: { readonly room: string; readonly tag: Buffer },
  done: Statement,
): Promise<Outcome> {
  const copies = queued(ctx, room, tag)
  await ctx.store.writeAll([
    ['INSERT INTO ds_retracted (room, tag) VALUES (?, ?) ON CONFLICT DO NOTHING', [room, tag]],
    ...copies.map(({ event }): Statement => ['DELETE FROM ds_queues WHERE event = ?', [event]]),
    done,
  ])
  return { result: 'applied', dropped: copies.reduce((sum, { clients }) => sum + clients, 0) }
}

interface QueuedCopies {
  readonly event: number
  readonly clients: number
}

/** Events with this tag that wait for clients. */
function queued({ store }: DsContext, room: string, tag: Buffer): readonly QueuedCopies[] {
  const rows = store.all(
    `SELECT e.id, e.body, (SELECT count(*) FROM ds_queues q WHERE q.event = e.id) AS clients
     FROM ds_events e WHERE e.kind = 'fanout' AND e.room = ? LIMIT ${EVENTS_MAX}`,
    [room],
  )
  return rows
    .filter(
      (row) => tagOf(decode(fanoutMessageCodec, blobColumn(row, 'body')))?.equals(tag) === true,
    )
    .map((row) => ({ event: numberColumn(row, 'id'), clients: numberColumn(row, 'clients') }))
}

type Sanction = z.infer<typeof answerSchema>['sanctions'][number]

const answerSchema = z.object({
  sanctions: z.array(
    z.object({
      sequence: z.int().min(1),
      id: z.string(),
      kind: z.string(),
      room: z.string(),
      participant: z.string().optional(),
      frankingTag: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
    }),
  ),
})
const APPLIED: Outcome = { result: 'applied', dropped: 0 }
/** As many as one client's queue holds. */
const EVENTS_MAX = 10_000
