/** One policy of a text, as the bounded scan found it. Nothing has parsed it yet. */
export interface PolicyStatement {
  readonly text: string
  /** Line of its first character, counted from 1. */
  readonly line: number
}

export type StatementFault =
  | 'text-too-long'
  | 'too-many-policies'
  | 'too-deep'
  | 'too-complex'
  | 'literal-too-large'
  | 'unclosed-string'
  | 'unbalanced-brackets'
  | 'unfinished-policy'

export type Statements =
  | { readonly kind: 'split'; readonly statements: readonly PolicyStatement[] }
  | { readonly kind: 'fault'; readonly fault: StatementFault; readonly line: number }

/**
 * Splits Cedar text at its semicolons and bounds it before any of it reaches the wasm parser: 140
 * nested parentheses or 400 operands of `&&` leave an instance that answers nothing any more.
 */
export function splitStatements(text: string): Statements {
  if (text.length > TEXT_LENGTH_MAX) return { kind: 'fault', fault: 'text-too-long', line: 1 }
  const statements: PolicyStatement[] = []
  const scan = { depth: 0, operators: 0, members: 0, line: 1, start: -1, startLine: 1 }
  const fault = (name: StatementFault): Statements => ({
    kind: 'fault',
    fault: name,
    line: scan.line,
  })
  TOKENS.lastIndex = 0
  for (let match = TOKENS.exec(text); match !== null; match = TOKENS.exec(text)) {
    const [token] = match
    if (token === '\n') scan.line += 1
    if (isBlank(token)) continue
    if (scan.start < 0) {
      scan.start = match.index
      scan.startLine = scan.line
    }
    if (token === '"') return fault('unclosed-string')
    if (token.startsWith('"')) scan.line += token.split('\n').length - 1
    if (OPENING.has(token)) scan.depth += 1
    if (CLOSING.has(token)) scan.depth -= 1
    if (OPERATORS.has(token)) scan.operators += 1
    if (token === '.') scan.members += 1
    if (scan.depth < 0) return fault('unbalanced-brackets')
    if (scan.depth > NESTING_MAX) return fault('too-deep')
    if (scan.operators > OPERATORS_MAX || scan.members > MEMBERS_MAX) return fault('too-complex')
    if (Number(token) > Number.MAX_SAFE_INTEGER) return fault('literal-too-large')
    if (token !== ';') continue
    if (scan.depth > 0) return fault('unbalanced-brackets')
    if (statements.length === POLICIES_MAX) return fault('too-many-policies')
    statements.push({
      text: text.slice(scan.start, match.index + 1),
      line: scan.startLine,
    })
    scan.start = -1
    scan.operators = 0
    scan.members = 0
  }
  return scan.start < 0 ? { kind: 'split', statements } : fault('unfinished-policy')
}

function isBlank(token: string): boolean {
  return token.startsWith('//') || token.trim() === ''
}

/** Line breaks, blanks, comments, strings, words, operators, and any other single character. */
const TOKENS = /\n|[^\S\n]+|\/\/[^\n]*|"(?:[^"\\]|\\[^])*"|\w+|&&|\|\||[^]/g
const OPENING = new Set(['(', '[', '{'])
const CLOSING = new Set([')', ']', '}'])
/** All that nests without a bracket, but for accesses to members. */
const OPERATORS = new Set(['&&', '||', '!', '+', '-', '*', 'if', 'when', 'unless'])

/** Characters of one policy text. */
const TEXT_LENGTH_MAX = 262_144
const POLICIES_MAX = 1_000
/** Levels of brackets. */
const NESTING_MAX = 64
/** Per policy. */
const OPERATORS_MAX = 200
const MEMBERS_MAX = 300
