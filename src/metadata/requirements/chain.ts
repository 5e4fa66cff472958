import { clockSkewSeconds } from './document.ts'
import { verifiesWith } from './jws.ts'
import type { SignedDocument } from './signed-document.ts'

/** What a document is, given what its provider published before. */
export type Verdict =
  | { readonly kind: 'accepted' }
  /** The newest one that we have, once more. */
  | { readonly kind: 'unchanged' }
  /** Older than what we have. */
  | { readonly kind: 'rollback' }
  /** Two documents with one `seq`, both signed: keep both, they are the proof. */
  | {
      readonly kind: 'equivocation'
      readonly known: SignedDocument
      readonly other: SignedDocument
    }
  /** It does not follow the newest one that we have. */
  | { readonly kind: 'broken-prev' }
  | { readonly kind: 'wrong-provider' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'not-yet-valid' }
  | { readonly kind: 'bad-signature' }
  /** Signed by a key that may not sign it. */
  | { readonly kind: 'wrong-key' }

/** What we hold of a provider. */
export interface Succession {
  readonly provider: string
  /** Accepted ones, each the successor of the one before it. */
  readonly accepted: readonly SignedDocument[]
}

/** Links that a chain may have between what we hold and what is published. */
export const chainLinksMax = 64

/**
 * The verdict on a chain of documents, the oldest first and the published one last; `links` are those
 * that follow what we hold, to be kept if the verdict is `accepted`. Only the last one has to be in
 * time. A first document is signed by a key of its own, every other by a key of its predecessor.
 */
export function judgeChain(
  held: Succession,
  chain: readonly SignedDocument[],
  nowMs: number,
): { readonly verdict: Verdict; readonly links: readonly SignedDocument[] } {
  let accepted = held.accepted
  let verdict: Verdict = { kind: 'unchanged' }
  for (const candidate of chain) {
    verdict = judgeNext({ provider: held.provider, accepted }, candidate)
    if (verdict.kind === 'accepted') accepted = [...accepted, candidate]
    else if (verdict.kind !== 'unchanged') return { verdict, links: [] }
  }
  const last = accepted.at(-1)
  if (last === undefined) return { verdict, links: [] }
  const late = judgeTime(last, nowMs)
  if (late !== undefined) return { verdict: late, links: [] }
  const links = accepted.slice(held.accepted.length)
  return { verdict: links.length > 0 ? { kind: 'accepted' } : verdict, links }
}

/** The digest of the document that is missing between what we hold and `candidate`, if one is. */
export function missingLink(
  { provider, accepted }: Succession,
  { document, kid }: SignedDocument,
): string | undefined {
  const { prev, keys, seq } = document
  if (document.provider !== provider || prev === null) return undefined
  const latest = accepted.at(-1)
  if (latest === undefined) return keys.keys.some((key) => key.kid === kid) ? undefined : prev
  if (seq <= latest.document.seq) return undefined
  return accepted.some(({ digest }) => digest === prev) ? undefined : prev
}

function judgeNext({ provider, accepted }: Succession, candidate: SignedDocument): Verdict {
  const { document, digest } = candidate
  if (document.provider !== provider) return { kind: 'wrong-provider' }
  const latest = accepted.at(-1)
  if (latest === undefined) return judgeSignature(candidate, candidate) ?? { kind: 'accepted' }
  if (latest.digest === digest) return { kind: 'unchanged' }
  if (accepted.some((older) => older.digest === digest)) return { kind: 'rollback' }
  const twin = accepted.find((known) => known.document.seq === document.seq)
  if (twin !== undefined) return judgeTwins(accepted, twin, candidate)
  if (document.seq < latest.document.seq) return { kind: 'rollback' }
  if (document.prev !== latest.digest) return { kind: 'broken-prev' }
  return judgeSignature(candidate, latest) ?? { kind: 'accepted' }
}

/** Only what a key of the provider signed proves anything against it. */
function judgeTwins(
  accepted: readonly SignedDocument[],
  known: SignedDocument,
  other: SignedDocument,
): Verdict {
  const before = accepted[accepted.indexOf(known) - 1] ?? known
  return judgeSignature(other, before) ?? { kind: 'equivocation', known, other }
}

function judgeSignature(candidate: SignedDocument, signer: SignedDocument): Verdict | undefined {
  const outcome = verifiesWith(candidate, signer.document.keys.keys)
  return outcome === 'verified' ? undefined : { kind: outcome }
}

function judgeTime({ document }: SignedDocument, nowMs: number): Verdict | undefined {
  const nowSeconds = nowMs / 1_000
  if (document.expiresAt + clockSkewSeconds <= nowSeconds) return { kind: 'expired' }
  if (document.issuedAt - clockSkewSeconds > nowSeconds) return { kind: 'not-yet-valid' }
  return undefined
}
