import type { Clock } from '../model/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { operations, type Operation } from '../model/exchange.ts'
import type { HttpAnswer } from './http-call.ts'
import {
  fillPath,
  parsePathTemplate,
  type PathTemplate,
  type TemplateHome,
} from './path-template.ts'

/** A protocol's own strict parser: the URI templates of a directory document. Throws on anything else. */
export type ParseDirectory = (bytes: Buffer) => {
  readonly templates: Readonly<Partial<Record<Operation, string>>>
}

export interface DirectoryOptions {
  readonly fetch: () => Promise<HttpAnswer>
  readonly parse: ParseDirectory
  readonly home: TemplateHome
  readonly clock: Clock
}

/** How long a directory counts, whatever `Cache-Control` asks for. */
const directoryTimes = {
  freshMs: 3_600_000,
  freshMsMin: 300_000,
  freshMsMax: 86_400_000,
  /** A directory that cannot be fetched again serves for this long after its fetch. */
  staleMsMax: 604_800_000,
  /** How long to leave a peer alone whose directory could not be fetched. */
  retryMs: 1_000,
} as const

/**
 * One peer's directory: fetched once, cached by its `Cache-Control` within bounds, and kept in force
 * while a new one cannot be had. Concurrent callers share one fetch.
 */
export class PeerDirectory {
  private readonly options: DirectoryOptions
  private templates: ReadonlyMap<Operation, PathTemplate> | undefined
  private fetchedAtMs = 0
  private freshUntilMs = 0
  private retryAtMs = 0
  private refusal: GatewayError | undefined
  private fetching: Promise<void> | undefined

  constructor(options: DirectoryOptions) {
    this.options = options
  }

  /**
   * The path of an operation at this peer; a promise only where something must be fetched. Throws
   * `directory-invalid`, `peer-*`, or `unsupported-operation` where the peer does not offer it.
   */
  path(operation: Operation, target: string): string | Promise<string> {
    const nowMs = this.options.clock()
    if (nowMs < this.freshUntilMs) return this.fill(operation, target)
    if (nowMs < this.retryAtMs) return this.fillStale(operation, target)
    this.fetching ??= this.refresh().finally(() => {
      this.fetching = undefined
    })
    return this.fetching.then(() => this.fillStale(operation, target))
  }

  /** The peer knew no such path: ask for the directory again, unless it is young. */
  suspect(): void {
    const youngUntilMs = this.fetchedAtMs + directoryTimes.freshMsMin
    if (this.options.clock() >= youngUntilMs) this.freshUntilMs = 0
  }

  private async refresh(): Promise<void> {
    const { fetch, parse, home, clock } = this.options
    try {
      const answer = await fetch()
      if (answer.status !== 200) throw new GatewayError('directory-invalid')
      this.templates = parseTemplates(parse, answer.bytes, home)
      this.fetchedAtMs = clock()
      this.freshUntilMs = this.fetchedAtMs + freshMs(answer.headers['cache-control'])
      this.refusal = undefined
    } catch (cause) {
      this.retryAtMs = clock() + directoryTimes.retryMs
      this.refusal =
        cause instanceof GatewayError ? cause : new GatewayError('directory-invalid', { cause })
    }
  }

  private fillStale(operation: Operation, target: string): string {
    const staleUntilMs = this.fetchedAtMs + directoryTimes.staleMsMax
    if (this.templates !== undefined && this.options.clock() < staleUntilMs)
      return this.fill(operation, target)
    throw this.refusal ?? new GatewayError('directory-invalid')
  }

  private fill(operation: Operation, target: string): string {
    const template = this.templates?.get(operation)
    if (template === undefined) throw new GatewayError('unsupported-operation')
    return fillPath(template, target)
  }
}

function parseTemplates(
  parse: ParseDirectory,
  bytes: Buffer,
  home: TemplateHome,
): ReadonlyMap<Operation, PathTemplate> {
  const { templates } = parse(bytes)
  const parsed = new Map<Operation, PathTemplate>()
  for (const operation of operations) {
    const template = templates[operation]
    if (template !== undefined) parsed.set(operation, parsePathTemplate(template, home))
  }
  return parsed
}

function freshMs(cacheControl: string | string[] | undefined): number {
  const [, seconds] =
    typeof cacheControl === 'string'
      ? (/(?:^|[,\s])max-age=(\d{1,9})/.exec(cacheControl) ?? [])
      : []
  if (seconds === undefined) return directoryTimes.freshMs
  const { freshMsMin, freshMsMax } = directoryTimes
  return Math.min(Math.max(Number(seconds) * 1_000, freshMsMin), freshMsMax)
}
