import { createPrivateKey, createSecretKey, hash, type KeyObject } from 'node:crypto'
import { createFrankingAgent, type FrankingAgent } from '../../src/franking/franking-agent.ts'
import type { DayKeys } from '../../src/franking/relay-log.ts'
import type { MimiContent } from '../../src/wire/cbor/mimi-content.ts'
import {
  readClaim,
  type RefusalReason,
  type ReportedMessage,
} from '../../src/franking/reported-claim.ts'
import type {
  MessageVerdict,
  ReportedRoom,
  VerifyMessage,
} from '../../src/franking/verify-report.ts'
import { encodeMimiContent } from '../../src/wire/cbor/mimi-content.ts'

export const room = 'mimi://hub.example/r/Rl33FWLCYWOwxHrYnpWDQg'
export const alice = 'mimi://b.example/u/alice'
export const acceptedMs = 1_795_132_800_000

/** The keys of the franking vectors; for tests only. */
export function testAgent(): FrankingAgent {
  return createFrankingAgent({
    domain: 'hub.example',
    ciphersuite: 1,
    signingKey: ed25519Key(SEED),
    master: createSecretKey(hash('sha256', 'test hub master secret', 'buffer')),
  })
}

export function ed25519Key(seed: Buffer): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  })
}

/** Day keys in memory, as the franking vectors make them. */
export function testDayKeys(): DayKeys {
  const keys = new Map<number, KeyObject>()
  return {
    ensure: (day) => {
      const key = createSecretKey(hash('sha256', `relay log key day ${day}`, 'buffer'))
      keys.set(day, key)
      return Promise.resolve(key)
    },
    retained: () => keys,
    destroyBefore: (oldestDay) => {
      for (const day of keys.keys()) if (day < oldestDay) keys.delete(day)
      return Promise.resolve()
    },
  }
}

/** A message of one text part, as in the franking vectors. */
export function textContent(text: string, change: Partial<MimiContent> = {}): Buffer {
  return encodeMimiContent({
    salt: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
    replaces: undefined,
    topicId: Buffer.alloc(0),
    expires: undefined,
    inReplyTo: undefined,
    senderUri: alice,
    roomUri: room,
    extensions: new Map(),
    body: {
      cardinality: 'single',
      disposition: 1,
      language: '',
      contentType: 'text/markdown;variant=GFM-MIMI',
      content: Buffer.from(text),
    },
    ...change,
  })
}

export type ContentVerdict =
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | ({ readonly kind: 'checked' } & MessageVerdict)

/** Reads a message as the process for reports does, and checks it as the gateway does. */
export function verifyContent(
  verify: VerifyMessage,
  message: ReportedMessage,
  of: ReportedRoom,
): ContentVerdict {
  const claim = readClaim(message, of)
  if (typeof claim === 'string') return { kind: 'refused', reason: claim }
  return { kind: 'checked', ...verify(claim, of) }
}

const SEED = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
