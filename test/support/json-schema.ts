import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { vectorPath } from './vectors.ts'

/** What is wrong with a document; empty where nothing is. */
export type Check = (document: unknown) => readonly string[]

/** A validator of a schema among the vectors, with those that it refers to; undefined as `vectorPath`. */
export function vectorSchema(name: string, others: readonly string[] = []): Check | undefined {
  const path = vectorPath(name)
  if (path === undefined) return undefined
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  formats.default(ajv)
  for (const other of others) ajv.addSchema(readSchema(vectorPath(other) ?? ''))
  const validate = ajv.compile(readSchema(path))
  return (document) => {
    // As it is sent: what JSON leaves out is not there.
    const sent: unknown = JSON.parse(JSON.stringify(document))
    if (validate(sent)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message = '' }) => `${instancePath} ${message}`,
    )
  }
}

function readSchema(path: string): object {
  const schema: unknown = JSON.parse(readFileSync(path, 'utf8'))
  return Object(schema)
}
