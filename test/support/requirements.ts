import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import type { RequirementsDocument } from '../../src/metadata/requirements/document.ts'
import type { PrivateSuite } from '../../src/metadata/requirements/private-suite.ts'
import {
  signDocument,
  type SignedDocument,
} from '../../src/metadata/requirements/signed-document.ts'
import { verificationKeyOf } from '../../src/metadata/requirements/signing-keys.ts'
import { builtInSuites, type Suites } from '../../src/metadata/suites.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'

/** The suites that every gateway knows. */
export const builtIn: Suites = builtInSuites(declarations)

/** 2026-01-01T00:00:00Z, when the documents of the tests are published. */
export const publishedAtMs = 1_767_225_600_000
const publishedAt = publishedAtMs / 1_000
export const dayMs = 86_400_000

/** The Ed25519 key of a name: the same one every time. */
export function signingKey(name = 'a.example'): KeyObject {
  const secret = createHash('sha256').update(`key of ${name}`).digest()
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([prefix, secret]), format: 'der', type: 'pkcs8' })
}

export function requirements(changes: Partial<RequirementsDocument> = {}): RequirementsDocument {
  const provider = changes.provider ?? 'a.example'
  return {
    provider,
    seq: 1,
    prev: null,
    issuedAt: publishedAt,
    expiresAt: publishedAt + 30 * 86_400,
    keys: { keys: [verificationKeyOf(signingKey(provider))] },
    asHub: [2],
    asFollower: [2, 1],
    suites: [],
    tokens: [],
    reports: null,
    retention: { deliveryDays: 7, moderationDays: 180, complianceDays: 90 },
    regions: ['EU'],
    protocolDrafts: ['draft-ietf-mimi-protocol-06'],
    contact: null,
    ...changes,
  }
}

export function signed(
  changes: Partial<RequirementsDocument> = {},
  key?: KeyObject,
): SignedDocument {
  const document = requirements(changes)
  return signDocument(document, key ?? signingKey(document.provider))
}

/** A chain of `length` documents of a.example, each with these changes. */
export function chainOf(
  length: number,
  changesOf: (seq: number) => Partial<RequirementsDocument> = () => ({}),
): readonly SignedDocument[] {
  const chain: SignedDocument[] = []
  for (let seq = 1; seq <= length; seq += 1)
    chain.push(signed({ seq, prev: chain.at(-1)?.digest ?? null, ...changesOf(seq) }))
  return chain
}

export function privateTable(changes: Partial<PrivateSuite> = {}): PrivateSuite {
  return {
    code: 0xf001,
    name: 'house-rules',
    summary: 'A suite of our own.',
    shows: 'permitted',
    requiresFrank: false,
    pseudonymousCredentials: 'optional',
    timeBucketMs: 1_000,
    entries: [
      {
        field: 'sender.user',
        audience: 'hub',
        floor: 'pseudonym-room',
        ceiling: 'exact',
        purposes: ['delivery'],
        retentionDays: 7,
      },
    ],
    ...changes,
  }
}
