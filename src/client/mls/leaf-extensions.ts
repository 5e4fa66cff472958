import { encode } from '../../wire/codec.ts'
import { supportedMetadataSuitesCodec } from '../../wire/mimi/metadata-requirements.ts'
import {
  appDataDictionaryCodec,
  componentIds,
  componentListCodec,
} from '../../wire/mls/app-data.ts'
import { extensionTypes, type Extension } from '../../wire/mls/extension.ts'

/**
 * Extension 6 of a leaf: the components and the SafeAAD items that we support, and the metadata suites
 * (codes) of the rooms that we take part in. Without `suites` the leaf does not know component 0x8D01.
 */
export function leafExtensions(suites: readonly number[] | undefined): readonly Extension[] {
  const said = suites === undefined ? [] : [componentIds.metadataRequirements]
  const supported = [...components, ...said].toSorted((a, b) => a - b)
  const componentData = [
    {
      componentId: componentIds.appComponents,
      data: encode(componentListCodec, { components: supported }),
    },
    {
      componentId: componentIds.safeAad,
      data: encode(componentListCodec, { components: aadComponents }),
    },
    ...said.map((componentId) => ({
      componentId,
      data: encode(supportedMetadataSuitesCodec, { suites: suites ?? [] }),
    })),
  ]
  const data = encode(appDataDictionaryCodec, { componentData })
  return [{ type: extensionTypes.appDataDictionary, data }]
}

const aadComponents = [componentIds.frankAad, componentIds.identityLinkAdd]

const components: readonly number[] = [
  componentIds.appComponents,
  componentIds.safeAad,
  componentIds.frankAad,
  componentIds.frankingAgent,
  componentIds.participantList,
  componentIds.roomMetadata,
  componentIds.operationalPolicy,
  componentIds.rolesList,
  componentIds.preauthList,
  componentIds.baseRoomPolicy,
  componentIds.assetPolicy,
  componentIds.identityLinkAdd,
]

/** With the suites that come with this product. */
export const defaultLeafExtensions = leafExtensions([1, 2, 3, 4])
