import { isVerifiable } from '../../franking/attachments.ts'
import { GatewayError } from '../../model/errors.ts'
import type { ExternalPart } from '../../wire/cbor/content-part.ts'
import type { KnownMediaType } from '../attachments/media-type.ts'
import type { OpenAttachment, OpenedAttachment } from '../attachments/open-attachment.ts'
import { messageAttachments } from '../evidence.ts'
import { openCaseEvidence, type ExposureParts, type ShownEvidence } from './exposure.ts'
import type { Actor } from './team.ts'

/** Which attachment of a case, and whether it is to come back open. Numbers are from 1. */
export interface AskedAttachment {
  readonly id: string
  readonly report: string
  readonly message: number
  readonly part: number
  readonly withContent: boolean
}

/** An attachment that is the one that was sent. */
export interface ShownAttachment {
  readonly report: string
  readonly message: number
  readonly part: number
  /** Octets, open. */
  readonly bytes: number
  /** Of them, hexadecimal. */
  readonly sha256: string
  /** By how they begin; undefined for what is none of those that are known. */
  readonly mediaType: KnownMediaType | undefined
  /** Only where it was asked for. */
  readonly content: Buffer | undefined
}

/**
 * The octets at a URL, at most `attachmentBytesMax`, whatever its host says of them. Throws
 * `attachment-unavailable` with a reason, and what can be tried again: `rate-limited`, `queue-full`,
 * `draining`.
 */
export type FetchAttachment = (url: string) => Promise<Buffer>

export interface AttachmentPorts {
  readonly fetch: FetchAttachment
  readonly open: OpenAttachment
}

/** Opens one attachment of a report at a time of its asking. */
export type CaseAttachment = (actor: Actor, asked: AskedAttachment) => Promise<ShownAttachment>

/**
 * Fetches an attachment for the holder of a case and opens it, where the message proves which one it is.
 * It is an opening of evidence like any other, and in the log before its host is asked. Throws what opening
 * evidence throws, `attachment-not-verifiable`, `attachment-changed`, `attachment-unreadable`,
 * `verifier-unavailable`, what `FetchAttachment` throws, and `queue-full` where too many are under way.
 */
export function createCaseAttachment(parts: ExposureParts, ports: AttachmentPorts): CaseAttachment {
  let underWay = 0
  return async (actor, asked) => {
    if (underWay >= UNDER_WAY_MAX)
      throw new GatewayError('queue-full', { retryAfterMs: RETRY_AFTER_MS })
    underWay += 1
    try {
      const { id, report, message, part, withContent } = asked
      const attachment = { message, part }
      const evidence = await openCaseEvidence(parts, actor, { id, report, attachment })
      const found = partOf(evidence, attachment)
      if (!isVerifiable(found)) throw new GatewayError('attachment-not-verifiable')
      const octets = await ports.fetch(found.url)
      const opened = await ports.open({ octets, part: proofOf(found), withContent })
      return { report, message, part, ...requireOpened(opened) }
    } finally {
      underWay -= 1
    }
  }
}

/** Throws `not-found`. */
function partOf(
  { messages }: ShownEvidence,
  { message, part }: { readonly message: number; readonly part: number },
): ExternalPart {
  const { applicationData = '' } = messages[message - 1] ?? {}
  const found = messageAttachments(Buffer.from(applicationData, 'base64'))[part - 1]
  if (found === undefined) throw new GatewayError('not-found')
  return found
}

/** What the process needs of it, and no more: neither where it lies nor how it is called. */
function proofOf({ encAlg, key, nonce, aad, hashAlg, contentHash }: ExternalPart) {
  return { encAlg, key, nonce, aad, hashAlg, contentHash }
}

function requireOpened(opened: OpenedAttachment) {
  switch (opened.kind) {
    case 'changed':
      throw new GatewayError('attachment-changed')
    case 'unreadable':
      throw new GatewayError('attachment-unreadable')
    case 'opened': {
      const { kind: _, ...shown } = opened
      return shown
    }
  }
}

/** Each may hold twice its octets in memory. */
const UNDER_WAY_MAX = 4
const RETRY_AFTER_MS = 5_000
