import { createHmac, createPublicKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import type { Frank } from '../model/exchange.ts'
import { encode, uint16 } from '../wire/codec.ts'
import { frankingAgentDataCodec, serverFrankingContextCodec } from '../wire/mimi/franking.ts'
import { cipherSuite } from '../wire/mls/cipher-suite.ts'
import { signWithLabel, verifyWithLabel } from '../wire/mls/sign-with-label.ts'
import { createHubKeys } from './hub-keys.ts'

/** What a frank speaks about. */
export interface FrankedMessage {
  readonly room: string
  /** The sender's URI as the room shows it: in pseudonymous rooms its pseudonym. */
  readonly sender: string
  /** 32 octets: HMAC-SHA256 of the content under its salt. */
  readonly frankingTag: Buffer
  /** The accepted time, as it is shown to the room. */
  readonly timestampMs: number
}

/** A hub's franking agent for the rooms of one cipher suite. draft-ietf-mimi-protocol-06 §5.4.1 */
export interface FrankingAgent {
  readonly ciphersuite: number
  /** The struct `FrankingAgentData`, for the GroupContext component 0x0021. */
  agentData(): Buffer
  stamp(message: FrankedMessage): Frank
  /** Whether one of our hub keys made `serverFrank` for this message. Takes the same time either way. */
  checkMac(message: FrankedMessage, serverFrank: Buffer): boolean
  /** Whether one of our keys signed the frank for this sender, room and time. It does not cover the content. */
  checkSignature(message: Omit<FrankedMessage, 'frankingTag'>, frank: Frank): boolean
}

export interface FrankingAgentOptions {
  /** The identity of the agent's basic credential, as it stands in FrankingAgentData. */
  readonly domain: string
  readonly ciphersuite: number
  /** Ed25519; so the ciphersuite is 1 or 3. */
  readonly signingKey: KeyObject
  /** 32 octets. */
  readonly master: KeyObject
  /** Keys that were used before: they check, and never sign. */
  readonly formerSigningKeys?: readonly KeyObject[]
  readonly formerMasters?: readonly KeyObject[]
}

/** Throws `key-unavailable` where the signing key is not of the ciphersuite's scheme. */
export function createFrankingAgent(options: FrankingAgentOptions): FrankingAgent {
  const { domain, ciphersuite, signingKey, master } = options
  const scheme = cipherSuite(ciphersuite)?.signature
  if (scheme === undefined || scheme !== signingKey.asymmetricKeyType)
    throw new GatewayError('key-unavailable', { facts: { reason: 'wrong-algorithm', ciphersuite } })
  const signer = { cipherSuite: ciphersuite, privateKey: signingKey }
  const publicKey = publicKeyBytes(signingKey)
  const publicKeys = [publicKey, ...(options.formerSigningKeys ?? []).map(publicKeyBytes)]
  const ciphersuiteBytes = encode(uint16, ciphersuite)
  const hubKey = createHubKeys(master)
  const hubKeys = [hubKey, ...(options.formerMasters ?? []).map(createHubKeys)]

  return {
    ciphersuite,
    agentData: () =>
      encode(frankingAgentDataCodec, {
        frankingSignatureKey: publicKey,
        credential: { kind: 'basic', identity: Buffer.from(domain) },
      }),
    stamp: (message) => {
      const context = contextOf(message)
      const serverFrank = mac(hubKey(message.timestampMs), message.frankingTag, context)
      const content = signedContent(serverFrank, ciphersuiteBytes, context)
      return { serverFrank, ciphersuite, signature: signWithLabel(signer, LABEL, content) }
    },
    checkMac: (message, serverFrank) => {
      const context = contextOf(message)
      return hubKeys.some((keyAt) =>
        timingSafeEqual(mac(keyAt(message.timestampMs), message.frankingTag, context), serverFrank),
      )
    },
    checkSignature: (message, frank) => {
      const named = encode(uint16, frank.ciphersuite)
      const content = signedContent(frank.serverFrank, named, contextOf(message))
      const claim = { cipherSuite: frank.ciphersuite, label: LABEL, content }
      return publicKeys.some((key) =>
        verifyWithLabel({ ...claim, publicKey: key, signature: frank.signature }),
      )
    },
  }
}

/** The struct `ServerFrankingContext`, which both the MAC and the signature cover. */
function contextOf(message: Omit<FrankedMessage, 'frankingTag'>): Buffer {
  return encode(serverFrankingContextCodec, {
    senderUri: message.sender,
    roomUri: message.room,
    acceptedTimestamp: BigInt(message.timestampMs),
  })
}

function mac(key: KeyObject, frankingTag: Buffer, context: Buffer): Buffer {
  return createHmac('sha256', key).update(frankingTag).update(context).digest()
}

/** The struct `FrankingIntegrityTBS`: its fields stand side by side, and the context is encoded already. */
function signedContent(serverFrank: Buffer, ciphersuite: Buffer, context: Buffer): Buffer {
  return Buffer.concat([serverFrank, ciphersuite, context])
}

/** The 32 octets of an Ed25519 public key as on the wire. */
function publicKeyBytes(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
}

const LABEL = 'FrankingIntegrityTBS'
