import { GatewayError } from '../model/errors.ts'
import type { ListenerResponse, RequestContext } from '../model/handle.ts'
import { parseMimiUri } from '../model/ids.ts'
import { parseBase64 } from '../listener/internal-route.ts'
import type { ReportForm, SpamForm } from '../listener/report-schemas.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { encode } from '../wire/codec.ts'
import { frankBytes } from '../wire/mimi/franking.ts'
import { abuseReportCodec, type AbuseReport } from '../wire/mimi/report-abuse.ts'
import {
  consentBits,
  reportExtensionCodec,
  reportExtensionComponent,
  reportTokenCodec,
  reportTokenComponent,
} from '../wire/mimi/report-extension.ts'

type HandleLocal = Pick<Pipeline, 'handleLocal'>

/**
 * A JSON report as the MIMI request that it stands for: from there on it is a report like any other,
 * under the same policies and limits, for our own rooms and for those of other hubs.
 */
export function sendReport(
  { handleLocal }: HandleLocal,
  form: ReportForm,
  context: RequestContext,
): Promise<ListenerResponse> {
  const { room, subject, reporter = '', note = '', messages = [] } = form
  const data = encode(reportExtensionCodec, extensionOf(form))
  const bytes = encode(abuseReportCodec, {
    ...namesOf({ subject, reporter }),
    reasonCode: 'reserved',
    note: Buffer.from(note),
    messages: messages.map(messageOf),
    abuseExtensions: { componentData: [{ componentId: reportExtensionComponent, data }] },
  })
  const target = parseMimiUri(room, 'room')
  return handleLocal({ operation: 'reportAbuse', target, bytes }, context)
}

/** A report of spam without content, in the same way. */
export function sendSpamReport(
  { handleLocal }: HandleLocal,
  { room, subject, reporter = '', frankingTag }: SpamForm,
  context: RequestContext,
): Promise<ListenerResponse> {
  const extension = { ...EMPTY_EXTENSION, code: 'spam', consentFlags: 0 }
  const token = { frankingTag: tagOf(frankingTag) }
  const bytes = encode(abuseReportCodec, {
    ...namesOf({ subject, reporter }),
    reasonCode: 'reserved',
    note: NOTHING,
    messages: [],
    abuseExtensions: {
      componentData: [
        { componentId: reportExtensionComponent, data: encode(reportExtensionCodec, extension) },
        { componentId: reportTokenComponent, data: encode(reportTokenCodec, token) },
      ],
    },
  })
  const target = parseMimiUri(room, 'room')
  return handleLocal({ operation: 'reportAbuse', target, bytes }, context)
}

/** Throws `invalid-uri`. */
function namesOf({ subject, reporter }: Pick<ReportForm, 'subject'> & { reporter: string }) {
  return {
    reportingUser: reporter === '' ? '' : parseMimiUri(reporter, 'user'),
    allegedAbuserUri: parseMimiUri(subject.uri, 'user'),
  }
}

function messageOf({
  content,
  frank,
  acceptedTimestamp,
}: NonNullable<ReportForm['messages']>[number]): AbuseReport['messages'][number] {
  return {
    messageContent: parseBase64(content),
    frank: {
      serverFrank: tagOf(frank.serverFrank),
      frankingSignatureCiphersuite: frank.ciphersuite,
      frankingIntegritySignature: parseBase64(frank.signature),
    },
    acceptedTimestamp: BigInt(acceptedTimestamp),
  }
}

function extensionOf({ category, consent = {}, sealed = {} }: ReportForm) {
  const flags = Object.entries(consentBits).filter(([name]) => Reflect.get(consent, name) === true)
  return {
    code: category,
    consentFlags: flags.reduce((all, [, bit]) => all | bit, 0),
    reporterProof: parseBase64(sealed.proof ?? ''),
    sealedMessages: parseBase64(sealed.messages ?? ''),
    mlsEvidence: parseBase64(sealed.mls ?? ''),
  }
}

/** A tag or a server frank. Throws `malformed-body`. */
function tagOf(text: string): Buffer {
  const bytes = parseBase64(text)
  if (bytes.length !== frankBytes) throw new GatewayError('malformed-body')
  return bytes
}

const NOTHING = Buffer.alloc(0)
const EMPTY_EXTENSION = {
  reporterProof: NOTHING,
  sealedMessages: NOTHING,
  mlsEvidence: NOTHING,
}
