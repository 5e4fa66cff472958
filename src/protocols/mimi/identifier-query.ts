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
import { knownComponents, onlyKnown } from './known-components.ts'

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
  const { responseCode, idResponseExtensions } = decodeAnswer(identifierResponseCodec, response)
  const isKnown = onlyKnown(idResponseExtensions, knownComponents.query) === idResponseExtensions
  return { kind: responseCode, ...(isKnown ? {} : { unknownComponents: 'present' as const }) }
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

/** What is left of an answer: every profile down to its stable URI, extensions down to known ones. */
export function reduceIdentifierAnswer(
  bytes: Buffer,
  without: { readonly profileFields: boolean; readonly unknownComponents: boolean },
): Buffer {
  const response = decode(identifierResponseCodec, bytes)
  return encode(identifierResponseCodec, {
    ...response,
    foundProfiles: without.profileFields
      ? response.foundProfiles.map(({ stableUri }) => ({ stableUri, fields: [] }))
      : response.foundProfiles,
    idResponseExtensions: without.unknownComponents
      ? onlyKnown(response.idResponseExtensions, knownComponents.query)
      : response.idResponseExtensions,
  })
}

export function refuseIdentifierQuery(refusal: Refusal): IdentifierQueryOutcome | undefined {
  return refusal.kind === 'not-allowed' ? { kind: 'forbidden' } : undefined
}

const elementsCodec = vector(queryElementCodec, {
  countMax: queryElementCountMax,
  bytesMax: bodyBytesMax,
})
