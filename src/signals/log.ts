import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino, type DestinationStream } from 'pino'
import { GatewayError } from '../model/errors.ts'
import { safeCode, type Literal, type LogFacts, type LogSafe } from './log-safe.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/**
 * Structured lines. An event is a literal (`gateway.started`) and its facts are `LogSafe`, so nothing
 * that a user or a peer wrote can reach a line.
 */
export interface Log {
  debug<const Event extends string>(event: Literal<Event>, facts?: LogFacts): void
  info<const Event extends string>(event: Literal<Event>, facts?: LogFacts): void
  warn<const Event extends string>(event: Literal<Event>, facts?: LogFacts): void
  /** Only for bugs and for what needs an operator. */
  error<const Event extends string>(event: Literal<Event>, facts?: LogFacts): void
  /** A fault: its code, and for bugs the places in our code where it came from; never its message. */
  fault<const Event extends string>(event: Literal<Event>, fault: unknown, facts?: LogFacts): void
  level(level: LogLevel): void
}

/** One JSON object per line, `{level, time, event, …}` with `time` in milliseconds. */
export function createLog(level: LogLevel, destination: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return {
    debug: (event, facts = {}) => logger.debug(facts, event),
    info: (event, facts = {}) => logger.info(facts, event),
    warn: (event, facts = {}) => logger.warn(facts, event),
    error: (event, facts = {}) => logger.error(facts, event),
    fault: (event, fault, facts = {}) => {
      const line: string = event
      const code = { code: safeCode(fault) }
      if (fault instanceof GatewayError && fault.code !== 'internal')
        logger.warn({ ...facts, ...safeFacts(fault), ...code }, line)
      else logger.error({ ...facts, ...code, frames: framesOf(fault) }, line)
    },
    level: (next) => {
      logger.level = next
    },
  }
}

/** Numbers and booleans of a fault; its words stay out, as their writers could not be checked. */
function safeFacts(fault: GatewayError): Record<string, LogSafe> {
  const facts: Record<string, LogSafe> = {}
  for (const [name, value] of Object.entries(fault.facts))
    if (typeof value !== 'string') facts[name] = value
  return facts
}

/** `src/wire/reader.ts:12` for each of our own frames: the stack without its message. */
function framesOf(fault: unknown): readonly string[] {
  const stack = fault instanceof Error ? (fault.stack ?? '') : ''
  const places = [...stack.matchAll(FRAME)].map(([, file = '', line = '']) => {
    const place = relative(PROJECT, file.startsWith('file:') ? fileURLToPath(file) : file)
    return `${place.split(sep).join('/')}:${line}`
  })
  return places.filter((place) => !place.startsWith('..')).slice(0, FRAMES_MAX)
}

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const FRAME = /^ {4}at .*?\(?((?:file:\/\/)?\/[^()\n]*?):(\d+):\d+\)?$/gm
const FRAMES_MAX = 12
