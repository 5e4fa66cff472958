import type { RawRequest } from '../../model/adapter.ts'
import { GatewayError } from '../../model/errors.ts'
import type { ConsentExchange } from '../../model/exchange.ts'
import { parseMimiUri, uriDomain, type MimiUri } from '../../model/ids.ts'
import { consentEntryCodec } from '../../wire/mimi/consent.ts'
import { decodeBody, exchangeBase } from './decode.ts'

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
  }
}

function isNamed(addressee: MimiUri, pathTarget: string): boolean {
  return pathTarget === addressee || pathTarget.toLowerCase() === uriDomain(addressee)
}

const changes: Readonly<Record<ConsentOperation, readonly ConsentExchange['change'][]>> = {
  requestConsent: ['cancel', 'request'],
  updateConsent: ['grant', 'revoke'],
}
