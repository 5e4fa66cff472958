import { createHash } from 'node:crypto'
import type { RawRequest, RawResponse, Refusal } from '../../model/adapter.ts'
import type { IdentifierQueryOutcome } from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'
import type { IdentifierQueryExchange } from '../../model/exchange.ts'
import { parseProviderDomain } from '../../model/ids.ts'
import { decode, encode, vector } from '../../wire/codec.ts'
import { bodyBytesMax } from '../../wire/mimi/bounds.ts'
import {
  identifierRequestCodec,
  identifierResponseCodec,
  queryElementCodec,
  queryElementCountMax,
  type IdentifierResponse,
} from '../../wire/mimi/identifier-query.ts'
import { decodeAnswer, decodeBody, exchangeBase } from './decode.ts'

/** Throws `malformed-body`, `invalid-domain`. draft-ietf-mimi-protocol-06 §5.8 */
export function parseIdentifierQuery(request: RawRequest): IdentifierQueryExchange {
  const { queryElements } = decodeBody(identifierRequestCodec, request)
  if (queryElements.length === 0) throw new GatewayError('malformed-body')
  return {
    ...exchangeBase(request),
    operation: 'identifierQuery',
    domain: parseProviderDomain(request.target),
    searchTypes: queryElements.map(({ searchType }) => searchType),
    valueDigest: createHash('sha256').update(encode(elementsCodec, queryElements)).digest(),
  }
}

/** Throws `upstream-invalid`. */
export function parseIdentifierQueryAnswer(response: RawResponse): IdentifierQueryOutcome {
  const { responseCode } = decodeAnswer(identifierResponseCodec, response)
  return { kind: responseCode }
}

/** An answer that names nobody. A success can only be passed on, or lose the fields of its profiles. */
export function encodeIdentifierRefusal(
  kind: Exclude<IdentifierQueryOutcome['kind'], 'success'>,
): Buffer {
  const empty: IdentifierResponse = {
    responseCode: kind,
    uri: [],
    foundProfiles: [],
    idResponseExtensions: { componentData: [] },
  }
  return encode(identifierResponseCodec, empty)
}

/** The answer with every profile down to its stable URI, and without extensions. */
export function withoutProfileFields(bytes: Buffer): Buffer {
  const response = decode(identifierResponseCodec, bytes)
  const foundProfiles = response.foundProfiles.map(({ stableUri }) => ({ stableUri, fields: [] }))
  const idResponseExtensions = { componentData: [] }
  return encode(identifierResponseCodec, { ...response, foundProfiles, idResponseExtensions })
}

export function refuseIdentifierQuery(refusal: Refusal): IdentifierQueryOutcome | undefined {
  return refusal.kind === 'not-allowed' ? { kind: 'forbidden' } : undefined
}

const elementsCodec = vector(queryElementCodec, {
  countMax: queryElementCountMax,
  bytesMax: bodyBytesMax,
})
