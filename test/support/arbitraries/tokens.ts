import { array, integer, oneof, string, type Arbitrary } from 'fast-check'
import type { tokenStructs } from '../../../src/privacypass/registry.ts'
import type { TokenChallenge } from '../../../src/privacypass/token-challenge.ts'
import type { Token } from '../../../src/privacypass/token.ts'
import type { Decoded } from '../../../src/wire/codec.ts'
import {
  bytes,
  exactBytes,
  list,
  oneOf,
  optional,
  record,
  roomUri,
  tag,
  text,
  uint32,
  uint64,
} from './base.ts'

type Values = {
  readonly [Name in keyof typeof tokenStructs]: Arbitrary<Decoded<(typeof tokenStructs)[Name]>>
}

const printable = (minLength: number, maxLength = 40) =>
  string({ minLength, maxLength, unit: 'grapheme-ascii' })
const uint8 = integer({ min: 0, max: 0xff })
const seconds = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

const challenge: Arbitrary<TokenChallenge> = record({
  tokenType: oneOf('voprfP384', 'blindRsa2048', 'voprfRistretto255'),
  issuerName: printable(1),
  redemptionContext: oneof(exactBytes(0), exactBytes(32)),
  originInfo: printable(0),
})

const bound = {
  nonce: exactBytes(32),
  challengeDigest: exactBytes(32),
  tokenKeyId: exactBytes(32),
}

const token: Arbitrary<Token> = oneof(
  record({ tokenType: tag('voprfP384'), ...bound, authenticator: exactBytes(48) }),
  record({ tokenType: tag('blindRsa2048'), ...bound, authenticator: exactBytes(256) }),
  record({ tokenType: tag('voprfRistretto255'), ...bound, authenticator: exactBytes(64) }),
)

const request = oneof(
  record({
    tokenType: tag('voprfP384'),
    truncatedTokenKeyId: uint8,
    blindedMessage: exactBytes(49),
  }),
  record({
    tokenType: tag('blindRsa2048'),
    truncatedTokenKeyId: uint8,
    blindedMessage: exactBytes(256),
  }),
  record({
    tokenType: tag('voprfRistretto255'),
    truncatedTokenKeyId: uint8,
    blindedMessage: exactBytes(32),
  }),
)

const p384Response = { evaluatedMessage: exactBytes(49), evaluatedProof: exactBytes(96) }
const rsaResponse = { blindSignature: exactBytes(256) }
const ristrettoResponse = { evaluatedMessage: exactBytes(32), evaluatedProof: exactBytes(64) }

const response = oneof(
  record({ tokenType: tag('voprfP384'), ...p384Response }),
  record({ tokenType: tag('blindRsa2048'), ...rsaResponse }),
  record({ tokenType: tag('voprfRistretto255'), ...ristrettoResponse }),
)

const membership = record({ mlsEpoch: uint64, signature: exactBytes(64) })
const admission = record({ token: bytes(354), publicKey: bytes(91) })

/** Values of every struct of the registry of tokens. */
export const tokenStructValues: Values = {
  TokenChallenge: challenge,
  Token: token,
  TokenRequest: request,
  TokenResponse0001: record(p384Response),
  TokenResponse0002: record(rsaResponse),
  TokenResponse0005: record(ristrettoResponse),
  GenericTokenResponse: response,
  GenericBatchTokenRequest: record({ tokenRequests: list(request) }),
  GenericBatchTokenResponse: record({
    tokenResponses: array(optional(response), { maxLength: 4 }),
  }),
  AmortizedBatchTokenRequest: record({
    tokenType: tag('voprfRistretto255'),
    truncatedTokenKeyId: uint8,
    blindedMessages: list(exactBytes(32)),
  }),
  AmortizedBatchTokenResponse: record({
    evaluatedMessages: list(exactBytes(32)),
    evaluatedProof: exactBytes(64),
  }),
  Admission: admission,
  SenderProof: record({
    epochStart: seconds,
    pseudonymId: exactBytes(16),
    sequence: uint32,
    signature: exactBytes(64),
    admission: optional(admission),
    membership: optional(membership),
  }),
  SenderProofTBS: record({
    label: text(8),
    hub: text(),
    room: roomUri,
    epochStart: seconds,
    sequence: uint32,
    messageHash: exactBytes(32),
  }),
  MembershipProof: membership,
  MembershipProofTBS: record({
    label: text(8),
    hub: text(),
    room: roomUri,
    mlsEpoch: uint64,
    pseudonymId: exactBytes(16),
  }),
}
