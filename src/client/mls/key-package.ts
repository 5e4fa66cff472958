import type { Randomness } from '../../model/clock.ts'
import { encode } from '../../wire/codec.ts'
import type { Capabilities, RequiredCapabilities } from '../../wire/mls/capabilities.ts'
import { credentialTypes, type Credential } from '../../wire/mls/credential.ts'
import { extensionTypes, type Extension } from '../../wire/mls/extension.ts'
import { keyPackageRef } from '../../wire/mls/key-package-ref.ts'
import { keyPackageCodec, keyPackageTbs, type KeyPackage } from '../../wire/mls/key-package.ts'
import { proposalTypes } from '../../wire/mls/proposal.ts'
import { generateKeyPair } from '../../mls-crypto/kem.ts'
import { signLabelled, verifyLabelled, type SignatureKeyPair } from '../../mls-crypto/signatures.ts'
import type { MlsSuite } from '../../mls-crypto/suite.ts'
import { demand } from '../errors.ts'
import { defaultLeafExtensions } from './leaf-extensions.ts'
import { meets, signLeaf, validateLeaf } from './leaf.ts'

/** Who signs as a leaf, and what the leaf shows. */
export interface LeafIdentity {
  readonly credential: Credential
  readonly signer: SignatureKeyPair
}

/** A KeyPackage with the private keys that a Welcome for it is opened with. */
export interface OwnKeyPackage {
  readonly keyPackage: KeyPackage
  readonly bytes: Buffer
  /** KeyPackageRef. */
  readonly reference: Buffer
  readonly identity: LeafIdentity
  readonly initPrivateKey: Buffer
  readonly encryptionPrivateKey: Buffer
}

/** Times in ms; `lifetimeMs` counts from an hour before `nowMs`, for clocks that are behind. `RFC 9420 §10` */
export function createKeyPackage(
  suite: MlsSuite,
  identity: LeafIdentity,
  {
    nowMs,
    lifetimeMs = LIFETIME_MS_DEFAULT,
    randomness,
    leafExtensions = defaultLeafExtensions,
  }: {
    nowMs: number
    lifetimeMs?: number
    randomness: Randomness
    leafExtensions?: readonly Extension[]
  },
): OwnKeyPackage {
  const init = generateKeyPair(suite, randomness)
  const encryption = generateKeyPair(suite, randomness)
  const notBefore = BigInt(Math.floor((nowMs - CLOCK_SKEW_MS) / 1_000))
  const notAfter = BigInt(Math.floor((nowMs + lifetimeMs) / 1_000))
  const leafNode = signLeaf(suite, identity.signer, {
    unsigned: {
      encryptionKey: encryption.publicKey,
      signatureKey: identity.signer.publicKey,
      credential: identity.credential,
      capabilities: clientCapabilities(suite),
      source: { kind: 'key-package', notBefore, notAfter },
      extensions: leafExtensions,
    },
    position: { groupId: Buffer.alloc(0), leafIndex: 0 },
  })
  const unsigned = {
    version: 1 as const,
    cipherSuite: suite.code,
    initKey: init.publicKey,
    leafNode,
    extensions: [],
  }
  const content = keyPackageTbs(unsigned)
  const signature = signLabelled(suite, identity.signer, { label: LABEL, content })
  const keyPackage = { ...unsigned, signature }
  const bytes = encode(keyPackageCodec, keyPackage)
  return {
    keyPackage,
    bytes,
    reference: keyPackageRef(suite, bytes),
    identity,
    initPrivateKey: init.privateKey,
    encryptionPrivateKey: encryption.privateKey,
  }
}

/** Throws `invalid-key-package`, `invalid-leaf`. `RFC 9420 §10.1` */
export function validateKeyPackage(suite: MlsSuite, keyPackage: KeyPackage): void {
  const { cipherSuite, initKey, leafNode, signature } = keyPackage
  demand(cipherSuite === suite.code, 'invalid-key-package')
  demand(!initKey.equals(leafNode.encryptionKey), 'invalid-key-package')
  const content = keyPackageTbs(keyPackage)
  const claim = { label: LABEL, content, signature }
  demand(verifyLabelled(suite, leafNode.signatureKey, claim), 'invalid-key-package')
  validateLeaf(suite, leafNode, {
    source: 'key-package',
    position: { groupId: Buffer.alloc(0), leafIndex: 0 },
  })
}

/** What an adder checks besides: lifetime (`nowMs` in ms) and capabilities. Throws `invalid-key-package`. */
export function demandUsable(
  suite: MlsSuite,
  { leafNode }: KeyPackage,
  { nowMs, required }: { nowMs: number; required: RequiredCapabilities },
): void {
  const { source, capabilities } = leafNode
  demand(source.kind === 'key-package', 'invalid-key-package')
  const nowSeconds = BigInt(Math.floor(nowMs / 1_000))
  demand(source.notBefore <= nowSeconds, 'invalid-key-package')
  demand(nowSeconds <= source.notAfter, 'invalid-key-package')
  demand(meets(capabilities, required), 'invalid-key-package')
  demand(capabilities.versions.includes(1), 'invalid-key-package')
  demand(capabilities.cipherSuites.includes(suite.code), 'invalid-key-package')
}

/** The same for every client of this SDK, so that capabilities tell no clients apart. */
export function clientCapabilities(suite: MlsSuite): Capabilities {
  return {
    versions: [1],
    cipherSuites: [suite.code],
    extensions: [extensionTypes.appDataDictionary],
    proposals: [
      proposalTypes['app-data-update'],
      proposalTypes['app-ephemeral'],
      proposalTypes['self-remove'],
    ],
    credentials: [credentialTypes.basic, credentialTypes.pseudonymous],
  }
}

const CLOCK_SKEW_MS = 3_600_000
const LIFETIME_MS_DEFAULT = 30 * 86_400_000
const LABEL = 'KeyPackageTBS'
