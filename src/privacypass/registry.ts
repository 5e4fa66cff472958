import type { AnyCodec } from '../wire/codec.ts'
import {
  amortizedBatchRequestCodec,
  amortizedBatchResponseCodec,
  genericBatchRequestCodec,
  genericBatchResponseCodec,
} from './batch-issuance.ts'
import { genericTokenResponseCodec, tokenRequestCodec, tokenResponseCodecs } from './issuance.ts'
import { membershipProofCodec, membershipProofTBSCodec } from './membership-proof.ts'
import { admissionCodec } from './pseudonym-certificate.ts'
import { senderProofCodec, senderProofTBSCodec } from './sender-proof.ts'
import { tokenChallengeCodec } from './token-challenge.ts'
import { tokenCodec } from './token.ts'

/** Every struct of this folder by its name; a TokenResponse by its token type too, as it names none. */
export const tokenStructs = {
  // RFC 9577
  TokenChallenge: tokenChallengeCodec,
  Token: tokenCodec,
  // RFC 9578
  TokenRequest: tokenRequestCodec,
  TokenResponse0001: tokenResponseCodecs.voprfP384,
  TokenResponse0002: tokenResponseCodecs.blindRsa2048,
  TokenResponse0005: tokenResponseCodecs.voprfRistretto255,
  // draft-ietf-privacypass-batched-tokens
  GenericTokenResponse: genericTokenResponseCodec,
  GenericBatchTokenRequest: genericBatchRequestCodec,
  GenericBatchTokenResponse: genericBatchResponseCodec,
  AmortizedBatchTokenRequest: amortizedBatchRequestCodec,
  AmortizedBatchTokenResponse: amortizedBatchResponseCodec,
  // This project's own
  Admission: admissionCodec,
  SenderProof: senderProofCodec,
  SenderProofTBS: senderProofTBSCodec,
  MembershipProof: membershipProofCodec,
  MembershipProofTBS: membershipProofTBSCodec,
} as const satisfies Record<string, AnyCodec>
