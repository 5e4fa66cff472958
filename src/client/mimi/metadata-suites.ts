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
  suite(1, 'bare-minimum', 'b7116dc56f4d0ea24a32be4333661348cebc3dee7f355878928928365e99c145'),
  suite(
    2,
    'moderated-pseudonyms',
    '2c4429a538f0d0685d744b5b85296326fb4d03e51ef5d318faf500b3b38aefdf',
  ),
  suite(3, 'identified', 'a6b2249e87dc767208ad303558a84a55c847a33e38fc273bf6313fcedfc92cbd'),
  suite(4, 'compliance', 'e8c5aa245d9a5de77dcdc8084cef580c4afa01e04449ff72d6f527ce4ec9e29f'),
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
