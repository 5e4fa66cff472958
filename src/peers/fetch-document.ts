import type { HttpAnswer } from '../delivery/http-call.ts'
import type { PeerDocumentCall } from '../delivery/peer-call.ts'
import {
  chainLinksMax,
  judgeChain,
  missingLink,
  type Verdict,
} from '../metadata/requirements/chain.ts'
import { documentBytesMax } from '../metadata/requirements/document.ts'
import {
  documentContentType,
  openDocument,
  type MalformedReason,
  type SignedDocument,
} from '../metadata/requirements/signed-document.ts'
import { GatewayError, type ErrorCode } from '../model/errors.ts'
import type { ProviderDomain } from '../model/ids.ts'

/** Where every provider publishes its document. */
export const requirementsPath = '/.well-known/mimi-metadata-requirements'

/** `PeerClients.document`. */
export type FetchDocument = (call: PeerDocumentCall) => Promise<HttpAnswer>

export type Fetched =
  /** `links` follow what we hold; they are empty unless the verdict is `accepted`. */
  | {
      readonly kind: 'judged'
      readonly verdict: Verdict
      readonly links: readonly SignedDocument[]
    }
  /** The peer publishes none. */
  | { readonly kind: 'no-document' }
  | {
      readonly kind: 'malformed'
      readonly reason: MalformedReason | 'redirected' | 'other-digest' | 'unreadable'
    }
  | { readonly kind: 'unreachable'; readonly code: ErrorCode }

export interface FetchQuestion {
  readonly peer: ProviderDomain
  /** The chain that we hold, the newest last. */
  readonly held: readonly SignedDocument[]
  readonly nowMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Fetches a peer's document, and what is missing between it and what we hold, and judges them. At most
 * 256 KiB and 5 s for each document and 64 documents; redirects are not followed.
 */
export async function fetchRequirements(
  fetch: FetchDocument,
  question: FetchQuestion,
): Promise<Fetched> {
  const { peer, held, nowMs } = question
  const latest = held.at(-1)
  const newest = await fetchOne(fetch, question, { etag: latest?.digest })
  if (newest.kind === 'unchanged')
    return {
      kind: 'judged',
      ...judgeChain({ provider: peer, accepted: held }, held.slice(-1), nowMs),
    }
  if (newest.kind !== 'document') return newest
  const chain = [newest.signed]
  let missing = missingLink({ provider: peer, accepted: held }, newest.signed)
  while (missing !== undefined && chain.length < chainLinksMax) {
    const link = await fetchOne(fetch, question, { digest: missing })
    // What is missing decides nothing: the chain is judged as far as it is there.
    if (link.kind !== 'document') break
    if (link.signed.digest !== missing) return { kind: 'malformed', reason: 'other-digest' }
    chain.unshift(link.signed)
    missing = missingLink({ provider: peer, accepted: held }, link.signed)
  }
  return { kind: 'judged', ...judgeChain({ provider: peer, accepted: held }, chain, nowMs) }
}

type FetchedOne =
  | { readonly kind: 'document'; readonly signed: SignedDocument }
  | { readonly kind: 'unchanged' }
  | Exclude<Fetched, { readonly kind: 'judged' }>

async function fetchOne(
  fetch: FetchDocument,
  { peer, signal }: FetchQuestion,
  which: { readonly etag?: string | undefined; readonly digest?: string },
): Promise<FetchedOne> {
  const path = which.digest === undefined ? requirementsPath : `${requirementsPath}/${which.digest}`
  const answer = await attempt(fetch, {
    peer,
    path,
    accept: documentContentType,
    etag: which.etag === undefined ? undefined : `"${which.etag}"`,
    bytesMax: documentBytesMax,
    deadlineMs: DEADLINE_MS,
    signal,
  })
  if ('kind' in answer) return answer
  const { status, bytes } = answer
  if (status === 304) return { kind: 'unchanged' }
  if (NONE.has(status)) return { kind: 'no-document' }
  if (status >= 300 && status < 400) return { kind: 'malformed', reason: 'redirected' }
  if (status !== 200) return { kind: 'unreachable', code: 'peer-invalid' }
  const opened = openDocument(bytes)
  return opened.kind === 'opened'
    ? { kind: 'document', signed: opened.signed }
    : { kind: 'malformed', reason: opened.reason }
}

async function attempt(
  fetch: FetchDocument,
  call: PeerDocumentCall,
): Promise<HttpAnswer | Extract<Fetched, { readonly kind: 'unreachable' | 'malformed' }>> {
  try {
    return await fetch(call)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    // Too large, cut off, or no HTTP at all.
    if (error.code === 'peer-invalid') return { kind: 'malformed', reason: 'unreadable' }
    return { kind: 'unreachable', code: error.code }
  }
}

const DEADLINE_MS = 5_000
/** A gateway that is none of ours answers that it knows no such path, or no such method on it. */
const NONE: ReadonlySet<number> = new Set([404, 405, 410, 501])
