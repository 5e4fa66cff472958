import type { Adapter, RawRequest, RawResponse, Refusal } from '../../model/adapter.ts'
import type { Answer } from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Exchange, Operation } from '../../model/exchange.ts'
import { checkRequestBytes } from './bounds.ts'
import { parseConsent } from './consent.ts'
import { declarations } from './declarations.ts'
import { editRequest } from './edit-request.ts'
import { parseNotify } from './fanout.ts'
import { parseGroupInfo, parseGroupInfoAnswer, refuseGroupInfo } from './group-info.ts'
import {
  parseIdentifierQuery,
  parseIdentifierQueryAnswer,
  refuseIdentifierQuery,
} from './identifier-query.ts'
import { parseKeyMaterial, parseKeyMaterialAnswer, refuseKeyMaterial } from './key-material.ts'
import { parseProxyDownload } from './proxy-download.ts'
import { parseReportAbuse } from './report-abuse.ts'
import { serialiseAnswer } from './serialise.ts'
import { parseStatusAnswer } from './status-answer.ts'
import {
  parseSubmitMessage,
  parseSubmitMessageAnswer,
  refuseSubmitMessage,
} from './submit-message.ts'
import { parseUpdate, parseUpdateAnswer, refuseUpdate } from './update.ts'

const mimiOperations = [
  'keyMaterial',
  'update',
  'submitMessage',
  'notify',
  'groupInfo',
  'requestConsent',
  'updateConsent',
  'identifierQuery',
  'reportAbuse',
  'proxyDownload',
] as const satisfies readonly Operation[]

/** draft-ietf-mimi-protocol-06 as exchanges and answers. */
export const mimiAdapter: Adapter = {
  name: 'mimi',
  operations: mimiOperations,
  declarations,
  parse,
  parseAnswer,
  serialise: serialiseAnswer,
  refuse,
  edit: editRequest,
}

function parse(request: RawRequest): Exchange {
  checkRequestBytes(request.operation, request.bytes)
  switch (request.operation) {
    case 'keyMaterial':
      return parseKeyMaterial(request)
    case 'update':
      return parseUpdate(request)
    case 'submitMessage':
      return parseSubmitMessage(request)
    case 'notify':
      return parseNotify(request)
    case 'groupInfo':
      return parseGroupInfo(request)
    case 'requestConsent':
    case 'updateConsent':
      return parseConsent(request, request.operation)
    case 'identifierQuery':
      return parseIdentifierQuery(request)
    case 'reportAbuse':
      return parseReportAbuse(request)
    case 'proxyDownload':
      return parseProxyDownload(request)
  }
}

function parseAnswer(exchange: Exchange, response: RawResponse): Answer {
  switch (exchange.operation) {
    case 'keyMaterial':
      return { operation: 'keyMaterial', outcome: parseKeyMaterialAnswer(exchange, response) }
    case 'update':
      return { operation: 'update', outcome: parseUpdateAnswer(response) }
    case 'submitMessage':
      return { operation: 'submitMessage', outcome: parseSubmitMessageAnswer(response) }
    case 'groupInfo':
      return { operation: 'groupInfo', outcome: parseGroupInfoAnswer(exchange, response) }
    case 'identifierQuery':
      return { operation: 'identifierQuery', outcome: parseIdentifierQueryAnswer(response) }
    case 'notify':
    case 'requestConsent':
    case 'updateConsent':
    case 'reportAbuse':
      return { operation: exchange.operation, outcome: parseStatusAnswer(response) }
    case 'proxyDownload':
      // INVARIANT: an asset passes as a stream and is never held as an answer.
      throw new GatewayError('internal')
  }
}

function refuse(exchange: Exchange, refusal: Refusal): RawResponse | undefined {
  const answer = refusalAnswer(exchange, refusal)
  return answer === undefined ? undefined : serialiseAnswer(exchange, answer)
}

function refusalAnswer(exchange: Exchange, refusal: Refusal): Answer | undefined {
  switch (exchange.operation) {
    case 'keyMaterial': {
      const outcome = refuseKeyMaterial(exchange, refusal)
      return outcome && { operation: 'keyMaterial', outcome }
    }
    case 'update': {
      const outcome = refuseUpdate(refusal)
      return outcome && { operation: 'update', outcome }
    }
    case 'submitMessage': {
      const outcome = refuseSubmitMessage(refusal)
      return outcome && { operation: 'submitMessage', outcome }
    }
    case 'groupInfo': {
      const outcome = refuseGroupInfo(refusal)
      return outcome && { operation: 'groupInfo', outcome }
    }
    case 'identifierQuery': {
      const outcome = refuseIdentifierQuery(refusal)
      return outcome && { operation: 'identifierQuery', outcome }
    }
    case 'notify':
    case 'requestConsent':
    case 'updateConsent':
    case 'reportAbuse':
    case 'proxyDownload':
      return undefined
  }
}
