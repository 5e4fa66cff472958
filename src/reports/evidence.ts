import { readApplicationData, reportedMessageId } from '../franking/application-data.ts'
import { attachmentsOf, isVerifiable } from '../franking/attachments.ts'
import { decode } from '../wire/codec.ts'
import { decodeMimiContent } from '../wire/cbor/mimi-content.ts'
import type { ContentPart, ExternalPart } from '../wire/cbor/content-part.ts'
import { WireError } from '../wire/errors.ts'
import { abuseReportCodec } from '../wire/mimi/report-abuse.ts'

/** What a report says, for the person who decides on it; plain JSON. */
export interface Evidence {
  /** Empty where the reporter was not named. */
  readonly reporter: string
  readonly subject: string
  readonly note: string
  readonly messages: readonly EvidenceMessage[]
}

export interface EvidenceMessage extends ShownMessage {
  /** Its place in the report, from 1. */
  readonly number: number
  readonly acceptedAtMs: number
  readonly attachments: readonly EvidenceAttachment[]
}

/** What a message says of an attachment. */
export interface EvidenceAttachment {
  /** Its place in the message, from 1. */
  readonly number: number
  readonly mediaType: string
  /** Octets; 0 where the message does not say it. */
  readonly bytes: number
  /** Empty where the message gives none. */
  readonly name: string
  readonly proof: 'verifiable' | 'not verifiable'
}

/** A message as people see it. */
export interface ShownMessage {
  /** Hexadecimal; empty where the content names neither sender nor room. */
  readonly messageId: string
  /** Hexadecimal; empty as well. A strike names the message by it. */
  readonly frankingTag: string
  /** The text parts, where the content can be read. */
  readonly texts: readonly string[]
  /** The exact octets, Base64. */
  readonly applicationData: string
}

/** Reads an opened AbuseReport. Throws `WireError` for other bytes. */
export function readEvidence(report: Buffer): Evidence {
  const { reportingUser, allegedAbuserUri, note, messages } = decode(abuseReportCodec, report)
  return {
    reporter: reportingUser,
    subject: allegedAbuserUri,
    note: note.toString('utf8'),
    messages: messages.map(({ messageContent, acceptedTimestamp }, index) => ({
      number: index + 1,
      ...shownMessage(messageContent),
      acceptedAtMs: Number(acceptedTimestamp),
      attachments: messageAttachments(messageContent).map(shownAttachment),
    })),
  }
}

/** Reads the exact octets of a message. */
export function shownMessage(applicationData: Buffer): ShownMessage {
  const reported = readApplicationData(applicationData)
  const id = reported && reportedMessageId(reported)
  return {
    messageId: id?.toString('hex') ?? '',
    frankingTag: reported?.frankingTag.toString('hex') ?? '',
    texts: reported === undefined ? [] : textsOf(reported.content),
    applicationData: applicationData.toString('base64'),
  }
}

/** The attachments of a message, from its exact octets. */
export function messageAttachments(applicationData: Buffer): readonly ExternalPart[] {
  const reported = readApplicationData(applicationData)
  return reported === undefined ? [] : attachmentsOf(reported.content)
}

function shownAttachment(part: ExternalPart, index: number): EvidenceAttachment {
  const { contentType: mediaType, size: bytes, filename: name } = part
  const proof = isVerifiable(part) ? 'verifiable' : 'not verifiable'
  return { number: index + 1, mediaType, bytes, name, proof }
}

function textsOf(content: Buffer): readonly string[] {
  try {
    return partTexts(decodeMimiContent(content).body)
  } catch (error) {
    if (error instanceof WireError) return []
    throw error
  }
}

function partTexts(part: ContentPart): readonly string[] {
  switch (part.cardinality) {
    case 'single':
      return part.contentType.startsWith('text/') ? [part.content.toString('utf8')] : []
    case 'multi':
      return part.parts.flatMap(partTexts)
    case 'external':
    case 'null':
      return []
  }
}
