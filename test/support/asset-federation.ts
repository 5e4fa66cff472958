import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { assetAuthority, openAssetServer } from './asset-server.ts'
import { startFederation, type Federation } from './federation.ts'
import { callInternal, type InternalAnswer } from './gateway-calls.ts'
import { peerRequest, type PeerReply } from './peers-listener.ts'

export const octets = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 31) % 251))
export const assetUrl = 'https://assets.c.example/photo?key=secret'
/** What each of ours may have fetched before it is limited. */
export const downloadsBurst = 80

/** A hub a.example, followers b.example and c.example, and a server of the hosts of all their assets. */
export interface AssetFederation {
  readonly federation: Federation
  /** What the hosts were asked, in the test so far. */
  readonly requests: IncomingMessage[]
  /** What a.example answers to another provider. */
  readonly ask: (url: string, options?: Ask) => Promise<PeerReply>
  /** What b.example answers a client of its own that names this hub. */
  readonly through: (hub: string | undefined, url: string) => Promise<InternalAnswer>
}

export interface Ask {
  readonly from?: string
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One for all tests of a file, closed after the last one. */
export function useAssetFederation(): () => AssetFederation {
  const stack = new AsyncDisposableStack()
  const requests: IncomingMessage[] = []
  let federation: Federation | undefined
  const opened = (): Federation => {
    if (federation === undefined) throw new Error('not open yet')
    return federation
  }
  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-test-'))
    stack.defer(() => rmSync(directory, { recursive: true, force: true }))
    const authorities = join(directory, 'asset-authorities.pem')
    writeFileSync(authorities, assetAuthority.pem)
    const hosts = ['a', 'b', 'c', 'd', 'f'].map((name) => `assets.${name}.example`)
    const identity = await assetAuthority.issue({ names: hosts })
    const { port } = stack.use(
      await openAssetServer((request, response) => {
        requests.push(request)
        answer(request.url ?? '', response)
      }, identity),
    )
    federation = stack.use(await openFederation(directory, authorities, port))
  }, 30_000)
  afterAll(() => stack.disposeAsync())
  beforeEach(() => void requests.splice(0))
  return () => ({
    federation: opened(),
    requests,
    ask: (url, options) => ask(opened(), url, options),
    through: (hub, url) => through(opened(), hub, url),
  })
}

function openFederation(directory: string, assetAuthorities: string, port: number) {
  const assetAddress = `127.0.0.1:${port}`
  const stranger = { allow: true, assetAddress }
  return startFederation(directory, [
    {
      domain: 'a.example',
      peerOf: (domain) => ({ assetDomains: [`assets.${domain}`], assetAddress }),
      otherPeers: {
        'd.example': { ...stranger, allow: false, assetDomains: ['assets.d.example'] },
        'e.example': { ...stranger, class: 'open' },
        'f.example': { ...stranger, class: 'quarantined', assetDomains: ['assets.f.example'] },
      },
      extra: {
        assetDomains: ['assets.a.example'],
        assetAddress,
        assetAuthorities,
        rates: { proxyDownload: { perSecond: 0.01, burst: downloadsBurst } },
        limits: { assets: { bytesMax: octets.length, headMs: 500 } },
      },
    },
    { domain: 'b.example' },
    { domain: 'c.example' },
  ])
}

function answer(path: string, response: ServerResponse): void {
  if (path === '/missing') response.writeHead(404).end('nothing here')
  else if (path === '/moved')
    response.writeHead(302, { location: 'https://assets.a.example/x' }).end()
  else if (path === '/long')
    response.writeHead(200, { 'content-length': octets.length + 1 }).write('x')
  else if (path === '/endless') {
    response.write(octets)
    response.end('x')
  } else if (path === '/cut') {
    response.writeHead(200, { 'content-length': octets.length })
    response.write(octets.subarray(0, 70_000), () => response.destroy())
  } else if (path === '/drip') response.write('x')
  else if (path !== '/slow') {
    response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'a=1', etag: '"x"' })
    response.end(octets)
  }
}

async function ask(
  federation: Federation,
  url: string,
  { from = 'b.example', headers, ...rest }: Ask = {},
): Promise<PeerReply> {
  const hub = federation.provider('a.example')
  const known = federation.get(from)
  return peerRequest({
    port: Number(new URL(hub.gateway.urls.peers).port),
    method: 'GET',
    path: `/proxyDownload/${encodeURIComponent(url)}`,
    headers: {
      host: 'a.example',
      from: `mimi@${from}`,
      cookie: 'who=bob',
      referer: 'https://b.example/bob',
      'user-agent': 'bob',
      'x-forwarded-for': '198.51.100.7',
      range: 'bytes=0-9',
      ...headers,
    },
    identity: known === undefined ? await federation.stranger(from) : known.identity,
    tls: { servername: 'a.example' },
    ...rest,
  })
}

function through(federation: Federation, hub: string | undefined, url: string) {
  const path = `/internal/v1/proxyDownload/${encodeURIComponent(url)}`
  const headers = hub === undefined ? {} : { 'postern-hub': hub }
  return callInternal(federation.provider('b.example'), path, { headers })
}
