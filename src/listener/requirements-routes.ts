import type { FastifyInstance } from 'fastify'
import {
  documentContentType,
  type SignedDocument,
} from '../metadata/requirements/signed-document.ts'
import { GatewayError } from '../model/errors.ts'
import { requirementsPath } from '../peers/fetch-document.ts'
import { prefersPage } from './accept.ts'
import { send, sendProblem, type ReplyHead } from './reply.ts'

/** What a provider publishes of its metadata requirements. */
export interface PublishedRequirements {
  readonly current: () => SignedDocument
  /** One that was published, by its digest. */
  readonly find: (digest: string) => SignedDocument | undefined
  /** The same for people, as HTML, with its `Content-Security-Policy`. */
  readonly page: (signed: SignedDocument) => { readonly html: Buffer; readonly policy: string }
}

/**
 * The document in force, signed or as a page by what the reader accepts, and older ones by digest.
 * Whoever proved a domain may read them, known to us or not.
 */
export function routeRequirements(app: FastifyInstance, published: PublishedRequirements): void {
  app.get(requirementsPath, (request, reply) => {
    reply.hijack()
    const { head, bytes } = answer(published, published.current(), request.headers)
    send(reply.raw, { ...head, cacheControl: 'no-cache' }, bytes)
  })
  app.get<{ Params: { digest: string } }>(`${requirementsPath}/:digest`, (request, reply) => {
    reply.hijack()
    const { digest } = request.params
    const signed = DIGEST.test(digest) ? published.find(digest) : undefined
    if (signed === undefined) {
      sendProblem(reply.raw, new GatewayError('not-found'))
      return
    }
    const { head, bytes } = answer(published, signed, request.headers)
    send(reply.raw, { ...head, cacheControl: 'max-age=31536000, immutable' }, bytes)
  })
}

interface Wanted {
  readonly accept?: string | undefined
  readonly 'if-none-match'?: string | undefined
}

function answer(
  { page }: PublishedRequirements,
  signed: SignedDocument,
  wanted: Wanted,
): { readonly head: ReplyHead; readonly bytes: Buffer } {
  const asPage = prefersPage(wanted.accept, documentContentType)
  const etag = asPage ? `"${signed.digest}.html"` : `"${signed.digest}"`
  const head = { status: 200, etag, vary: 'accept' }
  if (matches(wanted['if-none-match'] ?? '', etag))
    return { head: { ...head, status: 304 }, bytes: NO_BYTES }
  if (!asPage)
    return { head: { ...head, contentType: documentContentType }, bytes: Buffer.from(signed.jws) }
  const { html, policy } = page(signed)
  return {
    head: { ...head, contentType: 'text/html; charset=utf-8', contentSecurityPolicy: policy },
    bytes: html,
  }
}

/** RFC 9110 §13.1.2 */
function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch
    .slice(0, TAGS_CHARACTERS_MAX)
    .split(',')
    .some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}

const DIGEST = /^[A-Za-z0-9_-]{43}$/
const TAGS_CHARACTERS_MAX = 1_024
const NO_BYTES = Buffer.alloc(0)
