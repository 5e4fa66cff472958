import { vectorSchema, type Check } from './json-schema.ts'

/** The official schemas of XARF for what we make; undefined with a visible line where they are absent. */
export function xarfCheck(): Check | undefined {
  const core = 'reports/xarf-v4/xarf-core.json'
  const spam = vectorSchema('reports/xarf-v4/types/messaging-spam.json', [core])
  const bulk = vectorSchema('reports/xarf-v4/types/messaging-bulk-messaging.json', [core])
  if (spam === undefined || bulk === undefined) return undefined
  return (document) =>
    Reflect.get(Object(document), 'type') === 'bulk_messaging' ? bulk(document) : spam(document)
}
