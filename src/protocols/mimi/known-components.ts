import { reportExtensionComponent, reportTokenComponent } from '../../wire/mimi/report-extension.ts'
import { componentIds, type AppDataDictionary } from '../../wire/mls/app-data.ts'

/**
 * The components that mean something to a gateway or to the clients of this project, by where they
 * stand. Everything else is in no declaration: no field stands for it, so it does not pass.
 */
export const knownComponents = {
  /** The key for an answer, the sealed connection, the terms. docs/client-sdk.md, docs/rooms.md */
  consent: new Set([0x8d11, 0x8d12, componentIds.consentTerms]),
  /** What a report adds to the draft's, and a report of spam without content. docs/reports.md */
  report: new Set([reportExtensionComponent, reportTokenComponent]),
  query: new Set<number>(),
} as const

/** The dictionary without what is unknown; the same value where all of it is known. */
export function onlyKnown(
  dictionary: AppDataDictionary,
  known: ReadonlySet<number>,
): AppDataDictionary {
  const componentData = dictionary.componentData.filter(({ componentId }) => known.has(componentId))
  return componentData.length === dictionary.componentData.length ? dictionary : { componentData }
}
