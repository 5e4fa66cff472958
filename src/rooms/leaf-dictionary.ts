import type { ErrorCode } from '../model/errors.ts'
import type { Codec } from '../wire/codec.ts'
import {
  componentData,
  componentIds,
  componentListCodec,
  type AppDataDictionary,
} from '../wire/mls/app-data.ts'
import type { LeafNode } from '../wire/mls/leaf-node.ts'
import { supportedMetadataSuitesCodec } from '../wire/mimi/metadata-requirements.ts'
import { readDictionary } from './app-data-changes.ts'
import { decodeOr } from './refusal.ts'

/** What a client says of itself in the dictionary of its leaf. */
export interface LeafDictionary {
  /** The metadata suites that it takes part in; undefined where it does not say. */
  readonly suites: readonly number[] | undefined
  readonly components: readonly number[]
  readonly safeAad: readonly number[]
}

/** Throws `code` where the dictionary or one of these components is malformed. */
export function readLeafDictionary({ extensions }: LeafNode, code: ErrorCode): LeafDictionary {
  const dictionary = readDictionary(extensions, code)
  const read = readerOf(dictionary, code)
  return {
    suites: read(componentIds.metadataRequirements, supportedMetadataSuitesCodec)?.suites,
    components: read(componentIds.appComponents, componentListCodec)?.components ?? [],
    safeAad: read(componentIds.safeAad, componentListCodec)?.components ?? [],
  }
}

/** Reads single components of a dictionary; undefined for those that are not there. */
export function readerOf(dictionary: AppDataDictionary, code: ErrorCode) {
  return <T>(id: number, codec: Codec<T>): T | undefined => {
    const data = componentData(dictionary, id)
    return data === undefined ? undefined : decodeOr(code, codec, data)
  }
}
