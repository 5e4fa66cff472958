import type { RawRequest } from '../../model/adapter.ts'
import { GatewayError } from '../../model/errors.ts'
import type { ConsentExchange, ConsentTerms } from '../../model/exchange.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../../model/ids.ts'
import { decode } from '../../wire/codec.ts'
import { WireError } from '../../wire/errors.ts'
import { consentEntryCodec, type ConsentEntry } from '../../wire/mimi/consent.ts'
import { consentTermsCodec } from '../../wire/mimi/metadata-requirements.ts'
import { componentData, componentIds } from '../../wire/mls/app-data.ts'
import { decodeBody, exchangeBase, timestampMs } from './decode.ts'

type ConsentOperation = ConsentExchange['operation']

/**
 * The path names the domain, or the user, that the entry is for: the target of `requestConsent`, the
 * requester of `updateConsent`. Throws `malformed-body`, `invalid-uri`, `path-body-mismatch`, and
 * `wrong-message-kind` for a change that the operation does not carry. draft-ietf-mimi-protocol-06 §5.7
 */
export function parseConsent(request: RawRequest, operation: ConsentOperation): ConsentExchange {
  const entry = decodeBody(consentEntryCodec, request)
  const change = entry.consentOperation
  if (!changes[operation].includes(change)) throw new GatewayError('wrong-message-kind')
  const requester = parseMimiUri(entry.requesterUri, 'user')
  const target = parseMimiUri(entry.targetUri, 'user')
  const addressee = operation === 'requestConsent' ? target : requester
  if (!isNamed(addressee, request.target)) throw new GatewayError('path-body-mismatch')
  return {
    ...exchangeBase(request),
    operation,
    change,
    requester,
    target,
    room: entry.roomId === undefined ? undefined : parseMimiUri(entry.roomId, 'room'),
    terms: termsOf(entry),
  }
}

/** Component 0x8D13. Throws `malformed-body`, also for a purpose that is named twice. */
function termsOf({ consentExtensions }: ConsentEntry): ConsentTerms | undefined {
  const data = componentData(consentExtensions, componentIds.consentTerms)
  if (data === undefined) return undefined
  const { expiresAt, ...terms } = decoded(data)
  if (new Set(terms.purposes).size < terms.purposes.length)
    throw new GatewayError('malformed-body', { facts: { reason: 'purpose-twice' } })
  return {
    ...terms,
    expiresAtMs: expiresAt === 0n ? undefined : timestampMs(expiresAt, 'malformed-body'),
  }
}

function decoded(data: Buffer) {
  try {
    return decode(consentTermsCodec, data)
  } catch (cause) {
    if (cause instanceof WireError) throw new GatewayError('malformed-body', { cause })
    throw cause
  }
}

function isNamed(addressee: MimiUri, pathTarget: string): boolean {
  return pathTarget === addressee || pathTarget.toLowerCase() === uriDomain(addressee)
}

const changes: Readonly<Record<ConsentOperation, readonly ConsentExchange['change'][]>> = {
  requestConsent: ['cancel', 'request'],
  updateConsent: ['grant', 'revoke'],
}
