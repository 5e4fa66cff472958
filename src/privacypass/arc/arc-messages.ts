import { createHash } from 'node:crypto'
import {
  encode,
  enumeration,
  fixed,
  struct,
  uint16,
  uint32,
  uint8,
  type Codec,
  type Decoded,
} from '../../wire/codec.ts'
import { Writer } from '../../wire/writer.ts'
import { ascii16 } from '../length-prefixed.ts'
import { redemptionContextCodec } from '../token-challenge.ts'
import { credentialRequestCodec } from './credential-messages.ts'
import { presentationBytes } from './presentation.ts'
import type { PresentationLimit } from './presentation-limit.ts'

/** ARC(P-256). draft-ietf-privacypass-arc-protocol-00 §10.1 */
export const ARC_TOKEN_TYPE = 0xe5ac

const tokenType = enumeration({ arc: ARC_TOKEN_TYPE }, uint16)
const issuerName = ascii16({ bytesMin: 1, bytesMax: 512 })
const originInfo = ascii16({ bytesMax: 4_096 })

/** The TokenChallenge of ARC: one field more than that of RFC 9577 §2.1.1. draft-ietf-privacypass-arc-protocol-00 §6 */
export const arcChallengeCodec = struct({
  tokenType,
  issuerName,
  redemptionContext: redemptionContextCodec,
  originInfo,
  credentialContext: redemptionContextCodec,
})
export type ArcChallenge = Decoded<typeof arcChallengeCodec>

/** The octets of a challenge. */
export function arcChallengeBytes(challenge: ArcChallenge): Buffer {
  return encode(arcChallengeCodec, challenge)
}

/** SHA-256 of the challenge, 32 octets. draft-ietf-privacypass-arc-protocol-00 §8.1 */
export function challengeDigest(challenge: ArcChallenge): Buffer {
  return createHash('sha256').update(arcChallengeBytes(challenge)).digest()
}

/** What a credential is bound to. draft-ietf-privacypass-arc-protocol-00 §7.1 */
export function requestContextOf(challenge: ArcChallenge, issuerKeyId: Buffer): Buffer {
  return contextOf(challenge, challenge.credentialContext, issuerKeyId)
}

/** What presentations are counted for. draft-ietf-privacypass-arc-protocol-00 §8.1 */
export function presentationContextOf(challenge: ArcChallenge, issuerKeyId: Buffer): Buffer {
  return contextOf(challenge, challenge.redemptionContext, issuerKeyId)
}

function contextOf(challenge: ArcChallenge, context: Buffer, issuerKeyId: Buffer): Buffer {
  const writer = new Writer()
  issuerName.write(writer, challenge.issuerName)
  originInfo.write(writer, challenge.originInfo)
  writer.uint16(context.length)
  writer.fixed(context)
  writer.fixed(issuerKeyId)
  return writer.take()
}

/**
 * The Token, whose presentation stays in octets until the cheap checks have passed. The draft has the
 * nonce of the presentation in clear, which would undo that the presentation hides it: always 0 here.
 * draft-ietf-privacypass-arc-protocol-00 §8.1
 */
export function arcTokenCodec(limit: PresentationLimit): Codec<ArcToken> {
  return struct({ ...tokenFields, presentation: fixed(presentationBytes(limit)) })
}

const DIGEST_BYTES = 32
const tokenFields = {
  tokenType,
  presentationNonce: enumeration({ hidden: 0 }, uint32),
  challengeDigest: fixed(DIGEST_BYTES),
  issuerKeyId: fixed(DIGEST_BYTES),
}

export interface ArcToken {
  readonly tokenType: 'arc'
  readonly presentationNonce: 'hidden'
  readonly challengeDigest: Buffer
  readonly issuerKeyId: Buffer
  readonly presentation: Buffer
}

/** 229 octets; the last octet of the key id tells the issuer's keys apart. draft-ietf-privacypass-arc-protocol-00 §7.1 */
export const arcCredentialRequestCodec = struct({
  tokenType,
  truncatedIssuerKeyId: uint8,
  encodedRequest: credentialRequestCodec,
})
