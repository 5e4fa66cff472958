import { expect, test } from 'vitest'
import { generateSignatureKeyPair } from '../../../src/mls-crypto/signatures.ts'
import { mlsSuite } from '../../../src/mls-crypto/suite.ts'
import { demandSignedGroupInfo } from '../../../src/client/mls/group-info.ts'
import { groupSecretsCodec } from '../../../src/client/mls/group-secrets.ts'
import { epochSecrets } from '../../../src/client/mls/key-schedule.ts'
import { demandConfirmed } from '../../../src/client/mls/next-epoch.ts'
import { openWelcome } from '../../../src/client/mls/welcome.ts'
import { decode, encode } from '../../../src/wire/codec.ts'
import { keyPackageCodec } from '../../../src/wire/mls/key-package.ts'
import { keyPackageRef } from '../../../src/wire/mls/key-package-ref.ts'
import { mlsMessageCodec } from '../../../src/wire/mls/message.ts'
import { fromHex } from '../../support/hex.ts'
import { vectorJson } from '../../support/vectors.ts'

interface Case {
  readonly cipher_suite: number
  readonly init_priv: string
  readonly key_package: string
  readonly signer_pub: string
  readonly welcome: string
}
const cases = (vectorJson('mls/welcome.json.gz') ?? []) as readonly Case[]

test.each(cases)('suite $cipher_suite opens and checks the Welcome of the vectors', (vector) => {
  const suite = mlsSuite(vector.cipher_suite)
  const welcome = decode(mlsMessageCodec, fromHex(vector.welcome))
  const keyPackage = decode(mlsMessageCodec, fromHex(vector.key_package))
  if (welcome.kind !== 'welcome' || keyPackage.kind !== 'key-package') throw new Error('no welcome')
  const bytes = encode(keyPackageCodec, keyPackage.keyPackage)
  const reference = keyPackageRef(suite, bytes)
  const own = {
    keyPackage: keyPackage.keyPackage,
    bytes,
    reference,
    identity: {
      credential: keyPackage.keyPackage.leafNode.credential,
      signer: generateSignatureKeyPair(suite),
    },
    initPrivateKey: fromHex(vector.init_priv),
    encryptionPrivateKey: Buffer.alloc(0),
  }
  const { groupInfo, groupSecrets } = openWelcome(welcome.welcome, (other) =>
    other.equals(reference) ? own : undefined,
  )
  demandSignedGroupInfo(suite, groupInfo, fromHex(vector.signer_pub))
  const { groupContext } = groupInfo
  const secrets = epochSecrets(suite, groupSecrets.joinerSecret, groupContext)
  demandConfirmed({ suite }, { secrets, groupContext }, groupInfo.confirmationTag)
  expect(() => openWelcome(welcome.welcome, () => undefined)).toThrow('welcome-not-for-us')
  const otherKey = Buffer.from(fromHex(vector.signer_pub).toReversed())
  expect(() => demandSignedGroupInfo(suite, groupInfo, otherKey)).toThrow('invalid-group-info')
})

test('GroupSecrets of the message vectors are read and written byte for byte', () => {
  const messages = (vectorJson('mls/messages.json.gz') ?? []) as readonly {
    group_secrets: string
  }[]
  for (const { group_secrets: hex } of messages) {
    const bytes = fromHex(hex)
    expect(encode(groupSecretsCodec, decode(groupSecretsCodec, bytes)).equals(bytes)).toBe(true)
  }
})
