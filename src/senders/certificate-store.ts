import { Recent } from '../model/recent.ts'
import { blobColumn, numberColumn, textColumn } from '../sqlite/row.ts'
import type { Migration, Store } from '../sqlite/store.ts'

/** Nothing of it outlives its epoch, and nothing in it names anybody but a provider. */
export const certificateMigrations: readonly Migration[] = [
  {
    id: 'senders/0001-certificates',
    sql: `CREATE TABLE sender_certificates (
      epoch INTEGER NOT NULL,
      room TEXT NOT NULL,
      pseudonym BLOB NOT NULL,
      provider TEXT NOT NULL,
      public_key BLOB NOT NULL,
      PRIMARY KEY (epoch, room, pseudonym)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sender_denials (
      epoch INTEGER NOT NULL,
      room TEXT NOT NULL,
      pseudonym BLOB NOT NULL,
      PRIMARY KEY (epoch, room, pseudonym)
    ) STRICT, WITHOUT ROWID`,
  },
]

/** A pseudonym in its room and epoch. */
export interface PseudonymPlace {
  /** Where the epoch begins, in seconds. */
  readonly epochStart: number
  readonly room: string
  /** 16 octets. */
  readonly pseudonym: Buffer
}

/** A certificate that was admitted. */
export interface Certificate extends PseudonymPlace {
  readonly provider: string
  /** SubjectPublicKeyInfo of the P-256 key. */
  readonly publicKey: Buffer
}

/** The pseudonyms that were admitted, and those that are no longer served; both die with their epoch. */
export interface CertificateStore {
  /** Durable once it resolves; the first certificate of a place stays. */
  admit(certificate: Certificate): Promise<void>
  find(place: PseudonymPlace): Certificate | undefined
  /** How many pseudonyms of a provider were admitted to a room in an epoch. */
  count(place: Pick<Certificate, 'epochStart' | 'room' | 'provider'>): number
  /** Durable once it resolves; counts from when it is called. */
  deny(place: PseudonymPlace): Promise<void>
  /** Takes a denial back; durable once it resolves, counts from when it is called. */
  allow(place: PseudonymPlace): Promise<void>
  isDenied(place: PseudonymPlace): boolean
  /**
   * Forgets the epochs that begin earlier. INVARIANT: with its denials an epoch loses its certificates, in
   * memory too: a clock that is set back finds a pseudonym with both or with neither.
   */
  dropBefore(epochStart: number): Promise<void>
}

export function createCertificateStore(store: Store): CertificateStore {
  const recent = new Recent<Certificate>(RECENT_MAX)
  const counts = new Recent<number>(RECENT_MAX)
  const denied = readDenials(store)
  let floor = 0
  const count: CertificateStore['count'] = ({ epochStart, room, provider }) => {
    const key = JSON.stringify([epochStart, room, provider])
    const known = counts.get(key)
    if (known !== undefined) return known
    const row = store.get(COUNT, [epochStart, room, provider])
    const counted = row === undefined ? 0 : numberColumn(row, 'count')
    counts.set(key, counted)
    return counted
  }
  return {
    count,
    admit: async (certificate) => {
      const { epochStart, room, pseudonym, provider, publicKey } = certificate
      const before = count(certificate)
      const added = await store.change(INSERT, [epochStart, room, pseudonym, provider, publicKey])
      const key = JSON.stringify([epochStart, room, provider])
      if (added > 0) counts.set(key, (counts.get(key) ?? before) + 1)
    },
    find: (place) => {
      if (place.epochStart < floor) return undefined
      const key = keyOf(place)
      const known = recent.get(key)
      if (known !== undefined) return known
      const row = store.get(FIND, [place.epochStart, place.room, place.pseudonym])
      if (row === undefined) return undefined
      const found = {
        ...place,
        provider: textColumn(row, 'provider'),
        publicKey: blobColumn(row, 'public_key'),
      }
      recent.set(key, found)
      return found
    },
    deny: async (place) => {
      denied.set(keyOf(place), place.epochStart)
      await store.write(DENY, [place.epochStart, place.room, place.pseudonym])
    },
    allow: async (place) => {
      denied.delete(keyOf(place))
      await store.write(ALLOW, [place.epochStart, place.room, place.pseudonym])
    },
    isDenied: (place) => denied.has(keyOf(place)),
    dropBefore: async (epochStart) => {
      floor = Math.max(floor, epochStart)
      for (const [key, start] of denied) if (start < epochStart) denied.delete(key)
      await store.write(DROP_DENIALS, [epochStart])
      let dropped: number
      do dropped = await store.change(DROP_CERTIFICATES, [epochStart, DROP_STEP_ROWS])
      while (dropped > 0)
    },
  }
}

function readDenials(store: Store): Map<string, number> {
  const denied = new Map<string, number>()
  for (const row of store.all(DENIALS, [DENIALS_MAX])) {
    const epochStart = numberColumn(row, 'epoch')
    const place = {
      epochStart,
      room: textColumn(row, 'room'),
      pseudonym: blobColumn(row, 'pseudonym'),
    }
    denied.set(keyOf(place), epochStart)
  }
  return denied
}

/** Two parts of a fixed length, then the rest. */
function keyOf({ epochStart, room, pseudonym }: PseudonymPlace): string {
  return `${pseudonym.toString('latin1')}${String(epochStart).padStart(16, '0')}${room}`
}

const RECENT_MAX = 65_536
const DENIALS_MAX = 1_000_000
const DROP_STEP_ROWS = 1_000
const INSERT = `INSERT INTO sender_certificates (epoch, room, pseudonym, provider, public_key)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const FIND = `SELECT provider, public_key FROM sender_certificates
  WHERE epoch = ? AND room = ? AND pseudonym = ?`
const COUNT = `SELECT count(*) AS count FROM sender_certificates
  WHERE epoch = ? AND room = ? AND provider = ?`
const DENY = `INSERT INTO sender_denials (epoch, room, pseudonym) VALUES (?, ?, ?)
  ON CONFLICT DO NOTHING`
const ALLOW = 'DELETE FROM sender_denials WHERE epoch = ? AND room = ? AND pseudonym = ?'
const DENIALS = 'SELECT epoch, room, pseudonym FROM sender_denials LIMIT ?'
const DROP_DENIALS = 'DELETE FROM sender_denials WHERE epoch < ?'
const DROP_CERTIFICATES = `DELETE FROM sender_certificates WHERE (epoch, room, pseudonym) IN
  (SELECT epoch, room, pseudonym FROM sender_certificates WHERE epoch < ? LIMIT ?)`
