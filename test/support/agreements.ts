import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { RequirementsContent } from '../../src/metadata/requirements/build.ts'
import type { RequirementsDocument } from '../../src/metadata/requirements/document.ts'
import type { SignedDocument } from '../../src/metadata/requirements/signed-document.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import { AgreementBook, type AgreementEvent } from '../../src/peers/agreement-book.ts'
import { AgreementStore, agreementsMigrations } from '../../src/peers/agreement-store.ts'
import { openOwnRequirements } from '../../src/peers/own-requirements.ts'
import type { PeerProfile } from '../../src/peers/peer-table.ts'
import {
  RequirementDocuments,
  requirementDocumentsMigrations,
} from '../../src/peers/requirement-documents.ts'
import { openStore, type Store } from '../../src/sqlite/store.ts'
import { peerFacts } from './policy.ts'
import { builtIn, dayMs, publishedAtMs, requirements, signed, signingKey } from './requirements.ts'
import { tempDir } from './temp-dir.ts'

export const us = parseProviderDomain('a.example')
export const peer = parseProviderDomain('b.example')

/** A store with the tables of requirements, at the same place again if `directory` is given. */
export async function requirementsStore(directory = tempDir()): Promise<Store> {
  const store = await openStore({
    path: join(directory, 'postern.sqlite'),
    migrations: [...requirementDocumentsMigrations, ...agreementsMigrations],
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  return store
}

/** A clock that a test can move. */
export function movableClock(startMs = publishedAtMs) {
  const now = { ms: startMs }
  return { clock: () => now.ms, move: (ms: number) => void (now.ms += ms) }
}

/** What a.example states, without what makes it one document of a chain. */
export function statement(changes: Partial<RequirementsDocument> = {}): RequirementsContent {
  const {
    seq: _seq,
    prev: _prev,
    issuedAt: _from,
    expiresAt: _to,
    ...content
  } = requirements(changes)
  return content
}

/** The book of a.example with one peer, over a real store. */
export async function openBook(directory = tempDir()) {
  const store = await requirementsStore(directory)
  const { clock, move } = movableClock()
  const documents = new RequirementDocuments(store, clock)
  const events: AgreementEvent[] = []
  const open = () =>
    new AgreementBook({
      self: us,
      store: new AgreementStore(store),
      documents,
      suites: builtIn,
      clock,
      onEvent: (event) => void events.push(event),
    })
  const book = open()
  const latest = new Map<string, SignedDocument>()
  /** The next document of a provider, kept. */
  const publish = async (provider: string, changes: Partial<RequirementsDocument> = {}) => {
    const before = latest.get(provider)
    const next = signed({
      provider,
      seq: (before?.document.seq ?? 0) + 1,
      prev: before?.digest ?? null,
      ...changes,
    })
    await documents.accept(provider, [next])
    latest.set(provider, next)
    return next
  }
  /** Both sides publish what is given, and we settle what holds. */
  const settle = async (
    ours: Partial<RequirementsDocument>,
    theirs: Partial<RequirementsDocument>,
  ) => {
    const [own, other] = [await publish(us, ours), await publish(peer, theirs)]
    await book.settle(peer, own.document, other.document)
  }
  return { book, documents, events, store, clock, move, publish, settle, reopen: open }
}

/** Our own requirements over a store; `state` what they say. */
export async function ownRequirements(
  documents: RequirementDocuments,
  clock: () => number,
  state: { content: RequirementsContent } = { content: statement() },
) {
  return openOwnRequirements({
    provider: us,
    documents,
    content: () => Promise.resolve(state.content),
    signingKeys: () => [signingKey(us)],
    validMs: () => 30 * dayMs,
    clock,
    randomness: randomBytes,
  })
}

export function peerProfile(changes: Partial<PeerProfile> = {}): PeerProfile {
  return {
    domain: peer,
    address: undefined,
    allow: true,
    hostile: false,
    singleUser: false,
    facts: peerFacts({ agreement: false }),
    agreedFacts: peerFacts(),
    asHub: ['moderated-pseudonyms', 'identified'],
    asFollower: ['moderated-pseudonyms', 'bare-minimum', 'identified'],
    requireAgreement: false,
    ...changes,
  }
}
