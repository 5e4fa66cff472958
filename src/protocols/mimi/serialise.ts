import type { RawResponse } from '../../model/adapter.ts'
import type {
  Answer,
  GroupInfoOutcome,
  IdentifierQueryOutcome,
  KeyMaterialOutcome,
} from '../../model/answer.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Exchange, GroupInfoExchange, KeyMaterialExchange } from '../../model/exchange.ts'
import { encodeGroupInfoRefusal, parseGroupInfoAnswer } from './group-info.ts'
import {
  encodeIdentifierRefusal,
  parseIdentifierQueryAnswer,
  reduceIdentifierAnswer,
} from './identifier-query.ts'
import { encodeKeyMaterialAnswer, parseKeyMaterialAnswer } from './key-material.ts'
import { statusAnswer } from './status-answer.ts'
import { encodeSubmitMessageAnswer, parseSubmitMessageAnswer } from './submit-message.ts'
import { encodeUpdateAnswer, parseUpdateAnswer } from './update.ts'

/**
 * The bytes of an answer; the original bytes where it says what the original said. Throws `internal`
 * for a change to what the adapter did not declare as edited, and where a success is to be made up
 * that only a client's provider or the hub can make.
 */
export function serialiseAnswer(
  exchange: Exchange,
  answer: Answer,
  original?: RawResponse,
): RawResponse {
  switch (answer.operation) {
    case 'submitMessage': {
      if (original !== undefined)
        allow(parseSubmitMessageAnswer(original).kind === answer.outcome.kind)
      return ok(encodeSubmitMessageAnswer(answer.outcome))
    }
    case 'update': {
      if (original !== undefined) allow(parseUpdateAnswer(original).kind === answer.outcome.kind)
      return ok(encodeUpdateAnswer(answer.outcome))
    }
    case 'keyMaterial':
      allow(exchange.operation === 'keyMaterial')
      return ok(keyMaterialBytes(exchange, answer.outcome, original))
    case 'groupInfo':
      allow(exchange.operation === 'groupInfo')
      return ok(groupInfoBytes(exchange, answer.outcome, original))
    case 'identifierQuery':
      return ok(identifierQueryBytes(answer.outcome, original))
    case 'notify':
    case 'requestConsent':
    case 'updateConsent':
    case 'reportAbuse':
      return statusAnswer(answer.outcome)
  }
}

function keyMaterialBytes(
  exchange: KeyMaterialExchange,
  outcome: KeyMaterialOutcome,
  original: RawResponse | undefined,
): Buffer {
  allow(outcome.user === exchange.target)
  if (original === undefined) allow(outcome.clients.length === 0)
  else allowKeyMaterialEdit(parseKeyMaterialAnswer(exchange, original), outcome)
  return encodeKeyMaterialAnswer(outcome)
}

/** Masking a status, and fewer clients in any order. */
function allowKeyMaterialEdit(before: KeyMaterialOutcome, after: KeyMaterialOutcome): void {
  if (after.kind !== before.kind) allow(keyMaterialEdits[before.kind].includes(after.kind))
  if (after.kind === 'success') allow(after.clients.length === before.clients.length)
  const left = new Map<string, number>()
  for (const { bytes } of before.clients) {
    const name = bytes.toString('latin1')
    left.set(name, (left.get(name) ?? 0) + 1)
  }
  for (const { bytes } of after.clients) {
    const name = bytes.toString('latin1')
    const count = left.get(name) ?? 0
    allow(count > 0)
    left.set(name, count - 1)
  }
}

function groupInfoBytes(
  exchange: GroupInfoExchange,
  outcome: GroupInfoOutcome,
  original: RawResponse | undefined,
): Buffer {
  const before = original && parseGroupInfoAnswer(exchange, original).kind
  const isMasked = before === 'noSuchRoom' && outcome.kind === 'notAuthorized'
  if (before !== undefined) allow(outcome.kind === before || isMasked)
  if (outcome.kind !== 'success') return encodeGroupInfoRefusal(exchange, outcome.kind)
  allow(original !== undefined)
  return original.bytes
}

function identifierQueryBytes(
  outcome: IdentifierQueryOutcome,
  original: RawResponse | undefined,
): Buffer {
  const before = original && parseIdentifierQueryAnswer(original).kind
  if (before !== undefined && before !== outcome.kind)
    allow(identifierQueryEdits[before].includes(outcome.kind))
  if (original === undefined || before !== outcome.kind) {
    allow(outcome.kind !== 'success')
    return encodeIdentifierRefusal(outcome.kind)
  }
  const profileFields = outcome.profileFields === 'withheld'
  const unknownComponents = outcome.unknownComponents === 'withheld'
  if (profileFields && outcome.kind !== 'success') return encodeIdentifierRefusal(outcome.kind)
  return profileFields || unknownComponents
    ? reduceIdentifierAnswer(original.bytes, { profileFields, unknownComponents })
    : original.bytes
}

function ok(bytes: Buffer): RawResponse {
  return { status: 200, bytes }
}

/** INVARIANT: what the caller asks for is an edit that the declarations name. */
function allow(condition: boolean): asserts condition {
  if (!condition) throw new GatewayError('internal')
}

type KeyMaterialKind = KeyMaterialOutcome['kind']

/** What each status may become: nothing may become more than it was. */
const keyMaterialEdits: Readonly<Record<KeyMaterialKind, readonly KeyMaterialKind[]>> = {
  success: ['partialSuccess', 'noCompatibleMaterial', 'noConsent'],
  partialSuccess: ['noCompatibleMaterial', 'noConsent'],
  incompatibleProtocol: [],
  noCompatibleMaterial: ['noConsent'],
  userUnknown: ['noConsent'],
  noConsent: [],
  noConsentForThisRoom: ['noConsent'],
  userDeleted: ['noConsent'],
}

type IdentifierQueryKind = IdentifierQueryOutcome['kind']

const identifierQueryEdits: Readonly<Record<IdentifierQueryKind, readonly IdentifierQueryKind[]>> =
  {
    success: [],
    notFound: ['forbidden'],
    ambiguous: ['notFound', 'forbidden'],
    forbidden: ['notFound'],
    unsupportedField: [],
  }
