import { relative } from 'node:path'

/** Where a running gateway can be reached. */
export interface GatewayUrls {
  /** `https://host:port`, for other providers. */
  readonly peers: string
  /** `http://host:port` or `unix:/path`. */
  readonly internal: string
  readonly admin: string
  /** The local client API of the embedded delivery service; undefined where another one is used. */
  readonly clients: string | undefined
  /** The tokens listener; undefined where there is none. */
  readonly tokens?: string | undefined
}

export interface GreetingFacts {
  readonly version: string
  readonly provider: string
  readonly urls: GatewayUrls
  /** The configuration file; undefined where none was found. */
  readonly file: string | undefined
}

/** What `serve` prints once it serves. */
export function greeting({ version, provider, urls, file }: GreetingFacts): string {
  const embedded = file === undefined
  const rows = [
    ['other providers', `${urls.peers}  (mutual TLS)`],
    ['delivery service', `${urls.internal}/internal/v1`],
    ['local clients', urls.clients === undefined ? undefined : `${urls.clients}/client/v1`],
    ['tokens', urls.tokens],
    ['operator', `${urls.admin}/metrics  /healthz  /readyz`],
  ]
  const lines = rows.flatMap(([what, where]) =>
    where === undefined ? [] : [`  ${what?.padEnd(18)}${where}`],
  )
  const hints = [
    `npm run postern -- health${embedded ? '' : ` --config ${relative('', file)}`}`,
    'npm run demo',
    ...(embedded ? ['npm run postern -- config check --config docs/postern.example.yaml'] : []),
  ]
  return `postern ${version} serves ${provider}${embedded ? ', the embedded default: no postern.yaml here' : ''}

${lines.join('\n')}

try in another terminal:
${hints.map((hint) => `  ${hint}`).join('\n')}
`
}
