import { blobColumn, numberColumn, textColumn } from '../sqlite/row.ts'
import type { Row, Statement, Store } from '../sqlite/store.ts'

const eventKinds = ['fanout', 'consent', 'report-notice'] as const

/** What a client reads from its queue; `docs/reference-ds.md` has the JSON. */
export interface QueuedEvent {
  readonly id: number
  readonly kind: (typeof eventKinds)[number]
  /** Empty for consent. */
  readonly room: string
  /** The change of a consent; empty for anything else. */
  readonly change: string
  readonly body: Buffer
}

export interface QueueRead {
  readonly client: string
  /** Everything up to this id is acknowledged and forgotten. */
  readonly after: number
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** One durable queue per local client. Several events of one body share it. */
export class EventQueues {
  private readonly store: Store
  private readonly waiting = new Map<string, Set<() => void>>()
  private nextEvent: number

  constructor(store: Store) {
    this.store = store
    const row = store.get('SELECT coalesce(max(id), 0) AS newest FROM ds_events', [])
    this.nextEvent = row === undefined ? 1 : numberColumn(row, 'newest') + 1
  }

  /**
   * The writes that put one event into queues; `wake` the clients once they are durable. A client whose
   * own message `digest` is does not get it: not while its answer may still come, and never once it came.
   */
  append(
    event: Omit<QueuedEvent, 'id'>,
    clients: readonly string[],
    digest: Buffer | null = null,
  ): Statement[] {
    if (clients.length === 0) return []
    const id = this.nextEvent++
    return [
      [
        'INSERT INTO ds_events (id, kind, room, change, body) VALUES (?, ?, ?, ?, ?)',
        [id, event.kind, event.room, event.change, event.body],
      ],
      // Decided where it is written: the answer may be on its way to the store at the same time.
      ...clients.map((client): Statement => [QUEUE_SQL, [client, id, digest]]),
      [
        `DELETE FROM ds_events
         WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM ds_queues WHERE event = ?1)`,
        [id],
      ],
    ]
  }

  wake(clients: Iterable<string>): void {
    for (const client of clients) for (const wakeUp of this.waiting.get(client) ?? []) wakeUp()
  }

  /** Acknowledges, then answers what is there, or waits for the first event at most `waitMs`. */
  async read({ client, after, waitMs, signal }: QueueRead): Promise<readonly QueuedEvent[]> {
    await this.acknowledge(client, after)
    const events = this.after(client, after)
    if (events.length > 0 || waitMs === 0) return events
    await this.nextWake(client, waitMs, signal)
    return this.after(client, after)
  }

  private async acknowledge(client: string, upTo: number): Promise<void> {
    const found = this.store.get(
      'SELECT 1 AS found FROM ds_queues WHERE client = ? AND id <= ? AND withheld IS NULL LIMIT 1',
      [client, upTo],
    )
    if (found === undefined) return
    await this.store.write(
      'DELETE FROM ds_queues WHERE client = ? AND id <= ? AND withheld IS NULL',
      [client, upTo],
    )
  }

  /** INVARIANT: nothing overtakes a withheld event, so a client sees a room's events in order. */
  private after(client: string, after: number): readonly QueuedEvent[] {
    return this.store
      .all(
        `SELECT q.id, e.kind, e.room, e.change, e.body
         FROM ds_queues q JOIN ds_events e ON e.id = q.event
         WHERE q.client = ?1 AND q.id > ?2 AND q.id < coalesce(
           (SELECT min(id) FROM ds_queues WHERE client = ?1 AND withheld IS NOT NULL),
           9223372036854775807)
         ORDER BY q.id LIMIT ${EVENTS_PER_ANSWER_MAX}`,
        [client, after],
      )
      .map(queuedEvent)
  }

  private async nextWake(client: string, waitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const waiters = this.waiting.get(client) ?? new Set()
    this.waiting.set(client, waiters)
    const [oldest] = waiters
    if (waiters.size >= WAITING_MAX) oldest?.()
    await new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        waiters.delete(finish)
        if (waiters.size === 0) this.waiting.delete(client)
        resolve()
      }
      const timer = setTimeout(finish, Math.min(waitMs, EVENT_WAIT_MS_MAX))
      signal.addEventListener('abort', finish, { once: true })
      waiters.add(finish)
    })
  }
}

function queuedEvent(row: Row): QueuedEvent {
  return {
    id: numberColumn(row, 'id'),
    kind: eventKinds.find((kind) => kind === textColumn(row, 'kind')) ?? 'fanout',
    room: textColumn(row, 'room'),
    change: textColumn(row, 'change'),
    body: blobColumn(row, 'body'),
  }
}

/** Events that wait for one client; what comes beyond is lost to it, so that it has to join again. */
export const EVENTS_QUEUED_MAX = 10_000
/** Questions of one client that wait at the same time; one more ends the oldest. */
const WAITING_MAX = 4
const QUEUE_SQL = `
  INSERT INTO ds_queues (client, event, withheld)
  SELECT ?1, ?2, (SELECT digest FROM ds_submissions
                  WHERE client = ?1 AND digest = ?3 AND answered = 0)
  WHERE NOT EXISTS (SELECT 1 FROM ds_submissions
                    WHERE client = ?1 AND digest = ?3 AND answered = 1)
    AND NOT EXISTS (SELECT 1 FROM ds_queues WHERE client = ?1
                    LIMIT 1 OFFSET ${EVENTS_QUEUED_MAX - 1})`
/** How long one question for events may wait. */
export const EVENT_WAIT_MS_MAX = 60_000
/** Events of one answer; the next question gets the rest. */
const EVENTS_PER_ANSWER_MAX = 100
