import { openDocument, type SignedDocument } from '../metadata/requirements/signed-document.ts'
import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { textColumn, type Row } from '../sqlite/row.ts'
import type { Migration, Statement, Store } from '../sqlite/store.ts'

/** `evidence`: signed, and in contradiction with the accepted chain. */
export const requirementDocumentsMigrations: readonly Migration[] = [
  {
    id: 'peers/0002-requirement-documents',
    sql: `CREATE TABLE requirement_documents (
      provider TEXT NOT NULL,
      digest TEXT NOT NULL,
      seq INTEGER NOT NULL,
      standing TEXT NOT NULL CHECK (standing IN ('accepted', 'evidence')),
      jws TEXT NOT NULL,
      stored_at_ms INTEGER NOT NULL,
      PRIMARY KEY (provider, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX requirement_documents_chain
      ON requirement_documents (provider, standing, seq)`,
  },
]

/** The requirements documents of every provider, our own among them: chains and evidence. */
export class RequirementDocuments {
  private readonly store: Store
  private readonly clock: Clock

  constructor(store: Store, clock: Clock) {
    this.store = store
    this.clock = clock
  }

  /** Accepted ones, the newest last; at most 64. */
  chain(provider: string): readonly SignedDocument[] {
    return this.store.all(CHAIN, [provider, CHAIN_READ_MAX]).map(documentOf).toReversed()
  }

  latest(provider: string): SignedDocument | undefined {
    const row = this.store.get(CHAIN, [provider, 1])
    return row === undefined ? undefined : documentOf(row)
  }

  /** An accepted one. */
  find(provider: string, digest: string): SignedDocument | undefined {
    const row = this.store.get(FIND, [provider, digest])
    return row === undefined ? undefined : documentOf(row)
  }

  /** What a provider signed beside its chain; at most 64. */
  evidence(provider: string): readonly SignedDocument[] {
    return this.store.all(EVIDENCE, [provider, CHAIN_READ_MAX]).map(documentOf)
  }

  /** Adds accepted ones, all or none; the oldest beyond 1,024 of a provider go. */
  async accept(provider: string, documents: readonly SignedDocument[]): Promise<void> {
    if (documents.length === 0) return
    await this.store.writeAll([
      ...documents.map((signed) => this.insert(provider, signed, 'accepted')),
      [TRIM, [provider, provider, CHAIN_KEPT_MAX]],
    ])
  }

  /** Keeps what contradicts the chain; at most 64 of a provider, the first ones. */
  async keepEvidence(provider: string, signed: SignedDocument): Promise<void> {
    if (this.evidence(provider).length >= CHAIN_READ_MAX) return
    await this.store.writeAll([this.insert(provider, signed, 'evidence')])
  }

  /** Forgets the chain of a provider, so that its next document is a first one; evidence stays. */
  async forget(provider: string): Promise<void> {
    await this.store.write(FORGET, [provider])
  }

  private insert(
    provider: string,
    { document, digest, jws }: SignedDocument,
    standing: 'accepted' | 'evidence',
  ): Statement {
    return [INSERT, [provider, digest, document.seq, standing, jws, this.clock()]]
  }
}

/** Throws `internal` for what no version of this program stored. */
function documentOf(row: Row): SignedDocument {
  const opened = openDocument(Buffer.from(textColumn(row, 'jws')))
  if (opened.kind === 'malformed')
    throw new GatewayError('internal', { facts: { column: 'jws', reason: opened.reason } })
  return opened.signed
}

const CHAIN_READ_MAX = 64
const CHAIN_KEPT_MAX = 1_024
const CHAIN = `SELECT jws FROM requirement_documents
  WHERE provider = ? AND standing = 'accepted' ORDER BY seq DESC LIMIT ?`
const FIND = `SELECT jws FROM requirement_documents
  WHERE provider = ? AND digest = ? AND standing = 'accepted'`
const EVIDENCE = `SELECT jws FROM requirement_documents
  WHERE provider = ? AND standing = 'evidence' ORDER BY seq LIMIT ?`
const INSERT = `INSERT INTO requirement_documents
  (provider, digest, seq, standing, jws, stored_at_ms) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (provider, digest) DO UPDATE SET standing = excluded.standing
  WHERE excluded.standing = 'accepted'`
const TRIM = `DELETE FROM requirement_documents WHERE provider = ? AND standing = 'accepted'
  AND seq <= (SELECT seq FROM requirement_documents WHERE provider = ? AND standing = 'accepted'
    ORDER BY seq DESC LIMIT 1 OFFSET ?)`
const FORGET = `DELETE FROM requirement_documents WHERE provider = ? AND standing = 'accepted'`
