import { z } from 'zod'
import type { ExposureChange } from '../metadata/exposure.ts'
import type { Agreement } from '../metadata/negotiate.ts'
import { GatewayError } from '../model/errors.ts'
import { numberColumn, textColumn, type Row } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'

export const agreementsMigrations: readonly Migration[] = [
  {
    id: 'peers/0003-agreements',
    sql: `CREATE TABLE agreements (
      id TEXT PRIMARY KEY,
      hub TEXT NOT NULL,
      follower TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('hub', 'follower')),
      suites TEXT NOT NULL,
      hub_document TEXT NOT NULL,
      follower_document TEXT NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('live', 'pending', 'rejected')),
      change TEXT NOT NULL,
      made_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX agreements_expiry ON agreements (expires_at_ms)`,
  },
]

/** What we are in the rooms that an agreement is for. */
export type Role = 'hub' | 'follower'

/** `live` ones count until they expire, also when a newer one is there; `pending` ones wait for the operator. */
export type AgreementState = 'live' | 'pending' | 'rejected'

/** An agreement as we hold it. */
export interface HeldAgreement extends Agreement {
  readonly peer: string
  readonly role: Role
  readonly state: AgreementState
  /** Compared with the one that was in force when it was made; `first` where none was. */
  readonly change: ExposureChange | 'first'
  readonly madeAtMs: number
}

/** The agreements of all peers, on disk. */
export class AgreementStore {
  private readonly store: Store

  constructor(store: Store) {
    this.store = store
  }

  /** All that have not expired, the newest first. At most 10,000. */
  load(nowMs: number): readonly HeldAgreement[] {
    return this.store.all(LOAD, [nowMs]).map(agreementOf)
  }

  async put(held: HeldAgreement): Promise<void> {
    await this.store.write(PUT, [
      held.id,
      held.hub,
      held.follower,
      held.role,
      JSON.stringify(held.suites),
      held.hubDocument,
      held.followerDocument,
      held.expiresAt * 1_000,
      held.state,
      held.change,
      held.madeAtMs,
    ])
  }

  async remove(id: string): Promise<void> {
    await this.store.write('DELETE FROM agreements WHERE id = ?', [id])
  }

  /** Deletes what expired before; resolves to the number. */
  deleteExpired(beforeMs: number): Promise<number> {
    return this.store.change('DELETE FROM agreements WHERE expires_at_ms < ?', [beforeMs])
  }
}

function agreementOf(row: Row): HeldAgreement {
  const read = shape.safeParse({
    role: row['role'],
    state: row['state'],
    change: row['change'],
    suites: JSON.parse(textColumn(row, 'suites')) as unknown,
  })
  if (!read.success) throw new GatewayError('internal', { facts: { table: 'agreements' } })
  const hub = textColumn(row, 'hub')
  const follower = textColumn(row, 'follower')
  return Object.freeze({
    id: textColumn(row, 'id'),
    peer: read.data.role === 'hub' ? follower : hub,
    hub,
    follower,
    hubDocument: textColumn(row, 'hub_document'),
    followerDocument: textColumn(row, 'follower_document'),
    expiresAt: numberColumn(row, 'expires_at_ms') / 1_000,
    madeAtMs: numberColumn(row, 'made_at_ms'),
    ...read.data,
  })
}

const shape = z.object({
  role: z.enum(['hub', 'follower']),
  state: z.enum(['live', 'pending', 'rejected']),
  change: z.enum(['first', 'same', 'lower', 'higher', 'incomparable']),
  suites: z.array(z.int()).min(1),
})

const COLUMNS =
  'id, hub, follower, role, suites, hub_document, follower_document, expires_at_ms, state, change, made_at_ms'
const LOAD = `SELECT ${COLUMNS} FROM agreements WHERE expires_at_ms > ?
  ORDER BY made_at_ms DESC LIMIT 10000`
const PUT = `INSERT INTO agreements (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET state = excluded.state`
