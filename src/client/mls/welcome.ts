import type { Randomness } from '../../model/clock.ts'
import { decode, encode } from '../../wire/codec.ts'
import { groupInfoCodec, type GroupInfo } from '../../wire/mls/group-info.ts'
import { keyPackageRef } from '../../wire/mls/key-package-ref.ts'
import { keyPackageCodec, type KeyPackage } from '../../wire/mls/key-package.ts'
import type { Welcome } from '../../wire/mls/welcome.ts'
import { aeadOpen, aeadSeal, type AeadKey } from '../../mls-crypto/aead.ts'
import { decryptWithLabel, encryptWithLabel } from '../../mls-crypto/hpke.ts'
import { expandWithLabel } from '../../mls-crypto/key-derivation.ts'
import { AEAD_NONCE_BYTES, mlsSuite, type MlsSuite } from '../../mls-crypto/suite.ts'
import { ClientError, demand } from '../errors.ts'
import type { Epoch } from './epoch.ts'
import { openGroupInfo } from './group-info.ts'
import { groupSecretsCodec, type GroupSecrets } from './group-secrets.ts'
import type { OwnKeyPackage } from './key-package.ts'
import { epochSecrets, welcomeSecret } from './key-schedule.ts'
import { demandConfirmed, openEpoch } from './next-epoch.ts'
import type { RatchetTree } from './ratchet-tree.ts'
import { climb, type FreshPath } from './tree-kem.ts'
import { covers, directPath } from './tree-math.ts'

/** The Welcome for all new members at once, or undefined where there are none. `RFC 9420 §12.4.3.1` */
export function createWelcome(
  { suite }: Pick<Epoch, 'suite'>,
  {
    joiner,
    path,
    keyPackages,
    groupInfo,
    randomness,
  }: {
    joiner: Buffer
    path: FreshPath | undefined
    keyPackages: readonly { keyPackage: KeyPackage; leafIndex: number }[]
    groupInfo: GroupInfo
    randomness: Randomness
  },
): Welcome | undefined {
  if (keyPackages.length === 0) return undefined
  const encryptedGroupInfo = aeadSeal(suite, welcomeKey(suite, joiner), {
    plaintext: encode(groupInfoCodec, groupInfo),
    aad: Buffer.alloc(0),
  })
  const secrets = keyPackages.map(({ keyPackage, leafIndex }) => {
    const pathSecret = path && pathSecretFor(path, leafIndex)
    const plaintext = encode(groupSecretsCodec, {
      joinerSecret: joiner,
      pathSecret: pathSecret && { pathSecret },
      psks: [],
    })
    return {
      newMember: keyPackageRef(suite, encode(keyPackageCodec, keyPackage)),
      encryptedGroupSecrets: encryptWithLabel(
        suite,
        { publicKey: keyPackage.initKey, plaintext, label: LABEL, context: encryptedGroupInfo },
        randomness,
      ),
    }
  })
  return { cipherSuite: suite.code, secrets, encryptedGroupInfo }
}

/** A Welcome that one of our KeyPackages opens; what it says is not checked yet. */
export interface OpenedWelcome {
  readonly suite: MlsSuite
  readonly keyPackage: OwnKeyPackage
  readonly groupSecrets: GroupSecrets
  readonly groupInfo: GroupInfo
}

/** Throws `welcome-not-for-us`, `invalid-welcome`, `decryption-failed`. `RFC 9420 §12.4.3.1` */
export function openWelcome(
  { cipherSuite, secrets, encryptedGroupInfo }: Welcome,
  keyPackageFor: (reference: Buffer) => OwnKeyPackage | undefined,
): OpenedWelcome {
  const suite = mlsSuite(cipherSuite)
  for (const { newMember, encryptedGroupSecrets } of secrets) {
    const keyPackage = keyPackageFor(newMember)
    if (keyPackage === undefined) continue
    demand(keyPackage.keyPackage.cipherSuite === cipherSuite, 'invalid-welcome')
    const sealed = { ...encryptedGroupSecrets, label: LABEL, context: encryptedGroupInfo }
    const groupSecrets = decode(
      groupSecretsCodec,
      decryptWithLabel(suite, keyPackage.initPrivateKey, sealed),
    )
    demand(groupSecrets.psks.length === 0, 'invalid-welcome')
    const plaintext = aeadOpen(suite, welcomeKey(suite, groupSecrets.joinerSecret), {
      ciphertext: encryptedGroupInfo,
      aad: Buffer.alloc(0),
    })
    return { suite, keyPackage, groupSecrets, groupInfo: decode(groupInfoCodec, plaintext) }
  }
  throw new ClientError('welcome-not-for-us')
}

/**
 * The epoch that a Welcome leads to. Throws `invalid-welcome`, `invalid-group-info`, `invalid-tree`,
 * `invalid-leaf`, `invalid-confirmation-tag`. `RFC 9420 §12.4.3.1`
 */
export function joinFromWelcome(
  { suite, keyPackage, groupSecrets, groupInfo }: OpenedWelcome,
  tree: RatchetTree,
): Epoch {
  const { groupContext, confirmationTag } = groupInfo
  demand(groupContext.cipherSuite === suite.code, 'invalid-welcome')
  openGroupInfo(groupInfo, tree)
  const ownLeaf = keyPackage.keyPackage.leafNode
  const found = tree.leaves().find(({ leaf }) => leaf.signature.equals(ownLeaf.signature))
  demand(found?.leaf.encryptionKey.equals(ownLeaf.encryptionKey) === true, 'invalid-welcome')
  const { index: leafIndex } = found
  const secrets = epochSecrets(suite, groupSecrets.joinerSecret, groupContext)
  demandConfirmed({ suite }, { secrets, groupContext }, confirmationTag)
  const nodes = new Map([[2 * leafIndex, keyPackage.encryptionPrivateKey]])
  const pathSecret = groupSecrets.pathSecret?.pathSecret
  if (pathSecret !== undefined) {
    const steps = sharedSteps(tree, groupInfo.signer, leafIndex)
    for (const [node, key] of climb(tree, steps, pathSecret).privateKeys) nodes.set(node, key)
  }
  const own = { leafIndex, signer: keyPackage.identity.signer, nodes }
  return openEpoch({ suite, groupContext, secrets, tree, tag: confirmationTag, own })
}

/** The parents from the lowest one above both leaves that the committer's path has filled. */
function sharedSteps(tree: RatchetTree, signer: number, leafIndex: number) {
  return directPath(2 * signer, tree.width)
    .filter((node) => covers(node, leafIndex) && tree.parent(node) !== undefined)
    .map((node) => ({ node }))
}

function pathSecretFor({ steps, pathSecrets }: FreshPath, leafIndex: number): Buffer | undefined {
  return pathSecrets[steps.findIndex(({ copathChild }) => covers(copathChild, leafIndex))]
}

function welcomeKey(suite: MlsSuite, joiner: Buffer): AeadKey {
  const secret = welcomeSecret(suite, joiner)
  const derive = (label: string, bytes: number) => expandWithLabel(suite, secret, { label, bytes })
  return { key: derive('key', suite.aeadKeyBytes), nonce: derive('nonce', AEAD_NONCE_BYTES) }
}

const LABEL = 'Welcome'
