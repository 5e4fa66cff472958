import { decode, encode } from '../../wire/codec.ts'
import { metadataRequirementsCodec } from '../../wire/mimi/metadata-requirements.ts'
import { componentIds, type ComponentData } from '../../wire/mls/app-data.ts'
import { componentData } from '../../wire/mls/app-data.ts'
import type { Extension } from '../../wire/mls/extension.ts'
import { ClientError } from '../errors.ts'
import { appDataDictionary } from '../mls/dictionary.ts'

/** A metadata suite as a client knows it, the counterpart of a cipher suite. */
export interface MetadataSuite {
  readonly name: string
  readonly code: number
  /** SHA-256 of the suite's canonical table. */
  readonly digest: Buffer
}

/** How a room holds its members to its metadata suite. docs/rooms.md */
export type PinMode = 'strict' | 'vouched' | 'none'

/** The suites that come with this product. A test holds the digests to the tables. */
export const builtInSuites: readonly MetadataSuite[] = [
  suite(1, 'bare-minimum', '7f02a109d6ef77431cee7ca1a60ea03d12e84cc8ca7ae7acf6cba8c1ff971c3b'),
  suite(
    2,
    'moderated-pseudonyms',
    '8df239efa79329f3f2c56bd0542341ef70e070d91ee5d0cf2f93e6e3c5512041',
  ),
  suite(3, 'identified', '75a59925ded1dd92f34d112c85bada5d186c57e55182a8cb651cdd17102ac6af'),
  suite(4, 'compliance', 'c03fb048f9e067da7488e1c5df6b9ab16eba3970c82601d0661d6a4b762f9781'),
]

/** The component that pins a suite. Throws `suite-not-accepted` for a name that we do not know. */
export function pinComponent(suites: readonly MetadataSuite[], name: string): ComponentData {
  const known = suites.find((one) => one.name === name)
  if (known === undefined) throw new ClientError('suite-not-accepted')
  const { code, digest } = known
  return {
    componentId: componentIds.metadataRequirements,
    data: encode(metadataRequirementsCodec, { suite: code, suiteDigest: digest }),
  }
}

/**
 * What a joiner asks of a group before it uses it: a suite that is pinned is one that we accept, and
 * means what we know under its code. Throws `suite-not-accepted`, `WireError`.
 */
export function demandAcceptedSuite(
  accepted: readonly MetadataSuite[],
  extensions: readonly Extension[],
): void {
  const data = componentData(appDataDictionary(extensions), componentIds.metadataRequirements)
  if (data === undefined) return
  const { suite: code, suiteDigest } = decode(metadataRequirementsCodec, data)
  const isAccepted = accepted.some((one) => one.code === code && one.digest.equals(suiteDigest))
  if (!isAccepted) throw new ClientError('suite-not-accepted')
}

function suite(code: number, name: string, digest: string): MetadataSuite {
  return { name, code, digest: Buffer.from(digest, 'hex') }
}
