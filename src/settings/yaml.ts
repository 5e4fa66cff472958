import { basename } from 'node:path'
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { z } from 'zod'
import {
  ConfigurationError,
  formatPath,
  plainWords,
  readIssues,
  type ConfigProblem,
  type KeyPath,
} from './problems.ts'

/** What is wrong with a place of a file, and what would be right. */
export interface Finding {
  readonly path: KeyPath
  readonly expected: string
}

/** A YAML file that its schema accepts. */
export interface YamlFile<T> {
  readonly value: T
  /** Throws `ConfigurationError` with the lines of what was found. */
  readonly refuse: (found: readonly Finding[]) => never
}

interface YamlOptions<S extends z.ZodType> {
  /** Its path; errors name the last part of it. */
  readonly file: string
  readonly text: string
  readonly schema: S
  /** What counts instead of what is written. */
  readonly override?: (written: unknown) => unknown
}

/** Reads a YAML file. Throws `ConfigurationError` with all that is wrong, by line. */
export function readYaml<S extends z.ZodType>({
  file,
  text,
  schema,
  override = (written) => written,
}: YamlOptions<S>): YamlFile<z.infer<S>> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', prettyErrors: false })
  const syntax: ConfigProblem[] = document.errors.map(({ pos, code }) => ({
    path: '',
    line: lines.linePos(pos[0]).line,
    expected: `expected valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`,
  }))
  if (syntax.length > 0) throw new ConfigurationError(basename(file), syntax)
  const refuse = (found: readonly Finding[]) => {
    const problems = found.map(({ path, expected }) => ({
      path: formatPath(path),
      line: findLine(document, lines, path),
      expected,
    }))
    throw new ConfigurationError(basename(file), problems)
  }
  if (hasPrototypeKeys(document)) refuse([{ path: ['__proto__'], expected: 'unknown key' }])
  const outcome = schema.safeParse(override(toPlain(document)), { error: plainWords })
  if (!outcome.success)
    return refuse(readIssues(outcome.error.issues, (path) => keysAt(schema, path)))
  return { value: outcome.data, refuse }
}

/** The schema of what may be written, as JSON Schema 2020-12. */
export function writtenSchema(schema: z.ZodType) {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
}

function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {}
  } catch {
    throw new ConfigurationError(undefined, [
      { path: '', line: undefined, expected: `expected at most ${ALIASES_MAX} YAML aliases` },
    ])
  }
}

function findLine(document: Document, lines: LineCounter, path: KeyPath): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const offset = keyOffset(document, path.slice(0, length))
    if (offset !== undefined) return lines.linePos(offset).line
  }
  return undefined
}

function keyOffset(document: Document, path: KeyPath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const last = path.at(-1)
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last)
    return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
  }
  const item: unknown = document.getIn(path, true)
  return isNode(item) ? item.range?.[0] : undefined
}

function hasPrototypeKeys(document: Document): boolean {
  let found = false
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') found = true
    },
  })
  return found
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema | boolean>> | undefined
  readonly additionalProperties?: ObjectSchema | boolean | undefined
  readonly items?: ObjectSchema | boolean | (ObjectSchema | boolean)[] | undefined
}

/** The keys that the schema knows below a path. */
function keysAt(schema: z.ZodType, path: KeyPath): readonly string[] {
  let place: ObjectSchema = writtenSchema(schema)
  for (const key of path) {
    const inner =
      typeof key === 'number'
        ? place.items
        : (place.properties?.[String(key)] ?? place.additionalProperties)
    place = typeof inner === 'object' && !Array.isArray(inner) ? inner : {}
  }
  return Object.keys(place.properties ?? {})
}

const ALIASES_MAX = 100
