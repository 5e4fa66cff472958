import { createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { readApplicationData } from '../../src/franking/application-data.ts'
import { verificationKeyOf } from '../../src/metadata/requirements/signing-keys.ts'
import { GatewayError } from '../../src/model/errors.ts'
import { parseMimiUri, parseProviderDomain, type ProviderDomain } from '../../src/model/ids.ts'
import {
  createNoticeDesk,
  type EvidenceOrder,
  type NoticeDesk,
} from '../../src/notices/notice-desk.ts'
import { createNoticeSender, type NoticeSender } from '../../src/notices/notice-sender.ts'
import type {
  CountedStrike,
  HomeOfSenders,
  SendAnswer,
  SendMessage,
} from '../../src/notices/ports.ts'
import { createReceivedNotices, type ReceivedNotices } from '../../src/notices/received-notices.ts'
import { createSentNotices, sentState, type SentNotices } from '../../src/notices/sent-notices.ts'
import { createStrikeBook, type StrikeBook } from '../../src/notices/strike-book.ts'
import {
  createStrikeDesk,
  type Permission,
  type StrikeDesk,
} from '../../src/notices/strike-desk.ts'
import { noticeMigrations } from '../../src/notices/tables.ts'
import { forwardEvidence } from '../../src/reports/forward-evidence.ts'
import { readForwarded } from '../../src/reports/read-forwarded.ts'
import { rawKey, sealEvidence, type RawKey } from '../../src/reports/sealing.ts'
import {
  createProviderStanding,
  standingMigrations,
  type ProviderStanding,
} from '../../src/senders/provider-standing.ts'
import { openStore, type Statement, type Store } from '../../src/sqlite/store.ts'
import { encode } from '../../src/wire/codec.ts'
import { abuseReportCodec } from '../../src/wire/mimi/report-abuse.ts'
import { textContent } from './franking.ts'
import { abusive, openingKeys } from './reports.ts'
import { tempDir } from './temp-dir.ts'

export const [hubDomain, homeDomain, otherDomain] = [
  'hub.example',
  'home.example',
  'c.example',
].map((domain) => parseProviderDomain(domain)) as [ProviderDomain, ProviderDomain, ProviderDomain]
export const room = parseMimiUri('mimi://hub.example/r/lobby', 'room')
export const epochStart = 1_800_057_600
export const startMs = epochStart * 1_000 + 36_000_000
export const pseudonym = parseMimiUri(`mimi://home.example/u/e~${'A'.repeat(22)}`, 'user')
export const tagA = 'aa'.repeat(32)
export const tagB = 'bb'.repeat(32)

/** One provider's side, on a store of its own. */
export interface Side {
  readonly domain: ProviderDomain
  readonly store: Store
  readonly desk: NoticeDesk
  readonly strikes: StrikeDesk
  readonly sender: NoticeSender
  readonly sent: SentNotices
  readonly received: ReceivedNotices
  readonly book: StrikeBook
  /** What it holds against providers. */
  readonly standing: ProviderStanding
  readonly signing: { key: KeyObject }
  /** What the strikes and denials did, in order. */
  readonly log: string[]
  readonly accounts: Map<string, Buffer>
  readonly penalties: Set<string>
  /** What routing says of strikes. */
  readonly permission: { now: Permission }
  readonly home: { kept: boolean }
  readonly reportKeys: ReportKeys
  /** What its relay log knows. */
  readonly logged: LoggedTag[]
  /** What its process for evidence fails with. */
  readonly verifier: { failure: GatewayError | undefined }
  /** How a message of ours stands. */
  state(id: string): string | undefined
}

/** Keys that evidence is sealed to: the one that is published, and those that open. */
export interface ReportKeys {
  published: RawKey | undefined
  open: readonly RawKey[]
}

export interface LoggedTag {
  readonly room: string
  readonly frankingTag: Buffer
  readonly sender: string
  readonly timestampMs: number
}

/** A fresh key, published and opening beside those before it. */
export function rotateReportKey(keys: ReportKeys): void {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const id = `report-key-${keys.open.length}`
  keys.published = { id, bytes: rawKey(publicKey) }
  keys.open = [...keys.open, { id, bytes: rawKey(privateKey) }]
}

/** Providers that reach each other without a network in between: the rest is the real thing. */
export interface Sides {
  readonly clock: { nowMs: number }
  readonly hub: Side
  readonly home: Side
  readonly other: Side
  /** What passes between them; a test may put something else here. */
  readonly wire: { deliver: SendMessageFrom }
}

type SendMessageFrom = (from: Side, message: Parameters<SendMessage>[0]) => Promise<SendAnswer>

export async function openSides(): Promise<Sides> {
  const clock = { nowMs: startMs }
  const sides = new Map<ProviderDomain, Side>()
  const wire = {
    deliver: async (from: Side, { peer, bytes }: Parameters<SendMessage>[0]) => {
      const to = sides.get(peer)
      if (to === undefined) throw new GatewayError('peer-unreachable')
      return handOver(to, from.domain, bytes)
    },
  }
  const keysOf = (peer: ProviderDomain) => {
    const side = sides.get(peer)
    return side === undefined ? [] : [verificationKeyOf(side.signing.key)]
  }
  const reportKeysOf = (peer: ProviderDomain) => sides.get(peer)?.reportKeys
  for (const domain of [hubDomain, homeDomain, otherDomain])
    sides.set(domain, await openSide({ domain, clock, keysOf, reportKeysOf, wire }))
  const side = (domain: ProviderDomain) => {
    const found = sides.get(domain)
    if (found === undefined) throw new Error('no such side')
    return found
  }
  return { clock, hub: side(hubDomain), home: side(homeDomain), other: side(otherDomain), wire }
}

/** What a listener makes of a message: the answer, or the status of the problem. */
export async function handOver(to: Side, from: ProviderDomain, bytes: Buffer): Promise<SendAnswer> {
  try {
    const answer = await to.desk.receive(from, bytes)
    if (answer === undefined) return { status: 204, bytes: Buffer.alloc(0) }
    return { status: 200, bytes: Buffer.from(answer) }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { problems } = await import('../../src/listener/problems.ts')
    return { status: problems[error.code].status, bytes: Buffer.from(error.code) }
  }
}

interface SideInput {
  readonly domain: ProviderDomain
  readonly clock: { nowMs: number }
  readonly keysOf: (peer: ProviderDomain) => ReturnType<typeof verificationKeyOf>[]
  readonly reportKeysOf: (peer: ProviderDomain) => ReportKeys | undefined
  readonly wire: { deliver: SendMessageFrom }
}

async function openSide(input: SideInput): Promise<Side> {
  const { domain, clock: time, keysOf, reportKeysOf, wire } = input
  const reportKeys: ReportKeys = { published: undefined, open: openingKeys.open }
  rotateReportKey(reportKeys)
  const logged: LoggedTag[] = []
  const verifier: { failure: GatewayError | undefined } = { failure: undefined }
  const store = await openStore({
    path: join(tempDir(), 'store.db'),
    migrations: [...standingMigrations, ...noticeMigrations],
  })
  onTestFinished(() => store[Symbol.asyncDispose]())
  const standing = createProviderStanding(store, time.nowMs)
  const signing = { key: generateKeyPairSync('ed25519').privateKey }
  const log: string[] = []
  const [accounts, penalties] = [new Map<string, Buffer>(), new Set<string>()]
  const kept = { kept: true }
  const permission: { now: Permission } = { now: { allowed: true, policies: ['r3-sender-notice'] } }
  const clock = () => time.nowMs
  const keys = { signer: () => signing.key, of: keysOf, refresh: () => Promise.resolve() }
  const [sent, received, book] = [
    createSentNotices(store),
    createReceivedNotices(store),
    createStrikeBook(store),
  ]
  const submissions: HomeOfSenders = {
    submitterOf: (tag, hub) => accounts.get(`${hub} ${tag.toString('hex')}`),
    penalise: ({ account, strike, severity }) => {
      penalties.add(strike.toString('hex'))
      log.push(`penalise ${account.toString()} ${severity}`)
      return Promise.resolve()
    },
    pardon: (strike) => {
      penalties.delete(strike.toString('hex'))
      log.push('pardon')
      return Promise.resolve()
    },
  }
  const hub = {
    deny: ({ pseudonym: denied }: { pseudonym: string }) => {
      log.push(`deny ${denied}`)
      return Promise.resolve()
    },
    allow: ({ pseudonym: allowed }: { pseudonym: string }) => {
      log.push(`allow ${allowed}`)
      return Promise.resolve()
    },
    struck: async (strike: CountedStrike, also: readonly Statement[]) => {
      log.push(`struck ${strike.provider} ${strike.change}`)
      await standing.struck(strike, also)
    },
  }
  const shared = {
    self: domain,
    keys,
    sent,
    received,
    hub,
    clock,
    randomness: randomBytes,
    answerByMs: (_: ProviderDomain, nowMs: number) => nowMs + 3 * 86_400_000,
    onQueued: () => {},
  }
  const desk = createNoticeDesk({
    ...shared,
    store,
    get home() {
      return kept.kept ? submissions : undefined
    },
    evidence: {
      keyOf: (peer) => reportKeysOf(peer)?.published,
      forward: async (asked) => {
        if (verifier.failure !== undefined) throw verifier.failure
        return forwardEvidence(asked, { ...openingKeys, open: reportKeys.open })
      },
      read: async (asked) => {
        if (verifier.failure !== undefined) throw verifier.failure
        return readForwarded(asked, { ...openingKeys, open: reportKeys.open })
      },
      ownLog: (asked, tag, sender) =>
        logged.find(
          (entry) =>
            entry.room === asked &&
            entry.frankingTag.equals(tag) &&
            (sender === undefined || entry.sender === sender),
        ),
    },
    roomKey: () => createSecretKey(Buffer.alloc(32, domain.length)),
  })
  const side: Side = {
    domain,
    store,
    desk,
    strikes: createStrikeDesk({ ...shared, book, mayStrike: () => permission.now }),
    sender: createNoticeSender({
      ...shared,
      send: (message) => wire.deliver(side, message),
      onFault: (fault) => log.push(`fault ${String(fault)}`),
    }),
    sent,
    received,
    book,
    standing,
    signing,
    log,
    accounts,
    penalties,
    permission,
    home: kept,
    reportKeys,
    logged,
    verifier,
    state: (id) => {
      const notice = sent.find(id)
      return notice && sentState(notice, time.nowMs)
    },
  }
  return side
}

/** Application data of the pseudonym in the room. */
export function insult(text: string, change: Parameters<typeof textContent>[1] = {}): Buffer {
  return textContent(text, { senderUri: pseudonym, roomUri: room, ...change })
}

/** A report of these messages as the hub keeps it, for the provider of their sender. */
export function evidenceOf(...messages: readonly Buffer[]): EvidenceOrder {
  const report = encode(abuseReportCodec, {
    reportingUser: 'mimi://c.example/u/reporter-canary',
    allegedAbuserUri: pseudonym,
    reasonCode: 'reserved',
    note: Buffer.from('note-canary'),
    messages: messages.map((messageContent) => ({ ...abusive(messageContent), messageContent })),
    abuseExtensions: { componentData: [] },
  })
  return {
    report: 'rep-1',
    sealed: sealEvidence(openingKeys.seal, 'rep-1', report),
    frankingTags: messages.map((message) => tagOf(message).toString('hex')),
  }
}

export function tagOf(message: Buffer): Buffer {
  return readApplicationData(message)?.frankingTag ?? Buffer.alloc(32)
}

/** A notice of the hub's about a message of a user of home.example. */
export function orderOf(change: Partial<Parameters<NoticeDesk['notify']>[0]> = {}) {
  return {
    peer: homeDomain,
    about: 'rep-1',
    policies: ['r3-sender-notice'],
    room,
    subject: pseudonym,
    category: 'harassment.targeted',
    verification: 'frank' as const,
    reporters: 2,
    anonymitySet: 12,
    atMs: startMs,
    requestedAction: 'review_account' as const,
    ...change,
  }
}
