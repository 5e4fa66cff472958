import type { z } from 'zod'
import { GatewayError } from '../model/errors.ts'

/** One thing that is wrong with a configuration, and what would be right. */
export interface ConfigProblem {
  /** `listeners.peers.port`, or empty for the file as a whole. */
  readonly path: string
  /** 1-based line in the file, where it is known. */
  readonly line: number | undefined
  readonly expected: string
}

/** `configuration-invalid` with everything that is wrong. No value of the file is repeated. */
export class ConfigurationError extends GatewayError {
  readonly file: string | undefined
  readonly problems: readonly ConfigProblem[]

  constructor(file: string | undefined, problems: readonly ConfigProblem[]) {
    super('configuration-invalid', { facts: { problems: problems.length } })
    this.file = file
    this.problems = problems
  }
}

/** One line per problem: `postern.yaml:7 listeners.peers.port: expected …`. */
export function describeProblems(error: ConfigurationError): readonly string[] {
  return error.problems.map(({ path, line, expected }) => {
    const place = [error.file ?? 'configuration', line].filter((part) => part !== undefined)
    return `${place.join(':')} ${path === '' ? '' : `${path}: `}${expected}`
  })
}

export type KeyPath = readonly PropertyKey[]

/** `peers["b.example"].allow` */
export function formatPath(path: KeyPath): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[A-Za-z]\w*$/.test(String(key)))
      text += text === '' ? String(key) : `.${String(key)}`
    else text += `[${JSON.stringify(String(key))}]`
  }
  return text
}

/** The parser's issues with the path that each one is really about. */
export function readIssues(
  issues: readonly z.core.$ZodIssue[],
  keysAt: (path: KeyPath) => readonly string[],
): readonly { readonly path: KeyPath; readonly expected: string }[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(issue.path).join(', ')
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        expected: `unknown key; expected one of ${known}`,
      }))
    }
    if (issue.code === 'invalid_key') return [{ path: issue.path, expected: NOT_A_DOMAIN }]
    return [{ path: issue.path, expected: issue.message }]
  })
}

/** Words for what the schema does not name itself. */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined
  const kind = issue.expected === 'object' || issue.expected === 'record' ? 'a map' : issue.expected
  return issue.input === undefined ? `required: ${kind}` : `expected ${kind}`
}

const NOT_A_DOMAIN = 'expected a lower-case DNS name such as `b.example` as the key'
