import type { KeyObject } from 'node:crypto'
import type { Randomness } from '../../model/clock.ts'
import type { Suite } from '../suite.ts'
import { documentSchema, type RequirementsDocument, type VerificationKey } from './document.ts'
import { withGrease, withoutGrease } from './grease.ts'
import type { PrivateSuite } from './private-suite.ts'
import { verificationKeyOf } from './signing-keys.ts'
import { signDocument, type SignedDocument } from './signed-document.ts'
import { canonicalJson } from './strict-json.ts'

/** What a provider states, without what makes it one document of a chain. */
export type RequirementsContent = Omit<
  RequirementsDocument,
  'seq' | 'prev' | 'issuedAt' | 'expiresAt'
>

export interface ContentInput extends Pick<
  RequirementsContent,
  'provider' | 'tokens' | 'reports' | 'retention' | 'regions' | 'protocolDrafts' | 'contact'
> {
  readonly asHub: readonly Suite[]
  readonly asFollower: readonly Suite[]
  /** The tables of the operator's own suites; those that neither list names are left out. */
  readonly privateSuites: readonly PrivateSuite[]
  /** Whether our own policies can serve it in this role: what they cannot is not advertised. */
  readonly servable: (suite: Suite, role: 'hub' | 'follower') => boolean
  /** Those that may sign the next document. */
  readonly keys: readonly VerificationKey[]
}

/** What we require and offer, from configuration and policies. */
export function requirementsContent(input: ContentInput): RequirementsContent {
  const { servable, privateSuites, keys, asHub, asFollower, ...stated } = input
  const codes = (suites: readonly Suite[], role: 'hub' | 'follower') =>
    suites.filter((suite) => servable(suite, role)).map(({ code }) => code)
  const lists = { asHub: codes(asHub, 'hub'), asFollower: codes(asFollower, 'follower') }
  const named = new Set([...lists.asHub, ...lists.asFollower])
  return {
    ...stated,
    ...lists,
    keys: { keys: [...keys] },
    suites: privateSuites.filter(({ code }) => named.has(code)),
  }
}

export interface Issue {
  readonly content: RequirementsContent
  /** The newest of our documents; undefined where there is none. */
  readonly latest: SignedDocument | undefined
  /** Our private keys that may still sign, the one to prefer first. */
  readonly signingKeys: readonly KeyObject[]
  readonly nowMs: number
  readonly validMs: number
  readonly randomness: Randomness
}

/**
 * The next document of our chain: signed by a key that the one before it names. Throws a `TypeError`
 * where none of our keys is named there, a `ZodError` where the content is no document.
 */
export function issueDocument(issue: Issue): SignedDocument {
  const { content, latest, nowMs, validMs, randomness } = issue
  const issuedAt = Math.floor(nowMs / 1_000)
  const document = documentSchema.parse({
    ...content,
    asHub: withGrease(content.asHub, randomness),
    asFollower: withGrease(content.asFollower, randomness),
    seq: (latest?.document.seq ?? 0) + 1,
    prev: latest?.digest ?? null,
    issuedAt,
    expiresAt: issuedAt + Math.floor(validMs / 1_000),
  })
  return signDocument(document, signerOf(issue))
}

/** Whether `latest` no longer says what we mean, or has less than a third of its time left. */
export function needsNewDocument(
  content: RequirementsContent,
  latest: SignedDocument | undefined,
  nowMs: number,
): boolean {
  if (latest === undefined) return true
  const { seq: _seq, prev: _prev, issuedAt, expiresAt, ...published } = latest.document
  const said = {
    ...published,
    asHub: withoutGrease(published.asHub),
    asFollower: withoutGrease(published.asFollower),
  }
  if (canonicalJson(said) !== canonicalJson(content)) return true
  return nowMs / 1_000 > expiresAt - (expiresAt - issuedAt) / 3
}

function signerOf({ content, latest, signingKeys }: Issue): KeyObject {
  const named = (latest?.document.keys ?? content.keys).keys
  const signer = signingKeys.find((key) =>
    named.some(({ kid }) => kid === verificationKeyOf(key).kid),
  )
  if (signer === undefined) throw new TypeError('none of our keys may sign')
  return signer
}
