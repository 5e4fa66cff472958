import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDevelopmentCertificates } from '../src/cli/development-certificates.ts'
import type { FarSideData } from './far-side.ts'
import { listening, startProcess, type Child } from './processes.ts'
import { hub, peer } from './scene.ts'
import type { ProxyData } from './targets/proxy-data.ts'

/** The followers of a fan-out. */
export const followers = Array.from(
  { length: 50 },
  (_, index) => `follower-${String(index + 1).padStart(2, '0')}.example`,
)

/** Certificates, ports and the far side: what every row needs. */
export interface Stage {
  readonly directory: string
  readonly ca: string
  readonly files: (domain: string) => { readonly certificate: string; readonly key: string }
  readonly ports: Readonly<Record<PortName, number>>
  readonly farSide: Child
}

// prettier-ignore
const portNames = ['upstream', 'sinks', 'peers', 'internal', 'admin', 'a', 'b', 'b2', 'e0'] as const
type PortName = (typeof portNames)[number]

/** Starts the far side: the delivery service and the followers. */
export async function openStage(
  stack: AsyncDisposableStack,
  directory: string,
  withFollowers: boolean,
): Promise<Stage> {
  const sinks = withFollowers ? followers : []
  const { ca, providers } = await createDevelopmentCertificates({
    directory: join(directory, 'certificates'),
    domains: [hub, peer, ...sinks],
    now: Date.now(),
  })
  const files: Stage['files'] = (domain) => {
    const found = providers.get(domain)
    if (found === undefined) throw new Error('no certificate')
    return found
  }
  const ports = await freePorts()
  const data: FarSideData = {
    upstreamPort: ports.upstream,
    sinkPort: ports.sinks,
    ca,
    sinks: sinks.map((domain) => [domain, files(domain)] as const),
  }
  const farSide = stack.use(
    startProcess({
      command: process.execPath,
      args: [programPath('far-side.ts'), JSON.stringify(data)],
      pinned: false,
      channel: true,
    }),
  )
  await listening(ports.upstream, farSide)
  return { directory, ca, files, ports, farSide }
}

/** What a bare proxy needs to stand where Postern's listener for peers stands. */
export function proxyData({ ca, files, ports }: Stage, port: number): ProxyData {
  return { port, upstream: `http://127.0.0.1:${ports.upstream}`, ca, ...files(hub) }
}

/** The configuration of the measured gateway: limits on rates out of the way, everything else as it comes. */
export async function writeConfiguration(stage: Stage, dataDirectory: string): Promise<string> {
  const { ca, files, ports } = stage
  const open = { perSecond: 1e6, burst: 1e6 }
  const profile = { allow: true, class: 'contracted', region: 'EU', agreement: true }
  const host = '127.0.0.1'
  const document = {
    provider: hub,
    dataDirectory,
    listeners: {
      peers: { host, port: ports.peers, ...files(hub), ca },
      internal: { host, port: ports.internal },
      admin: { host, port: ports.admin },
    },
    upstream: { url: `http://${host}:${ports.upstream}` },
    peers: Object.fromEntries(
      [peer, ...followers].map((domain) => [
        domain,
        { ...profile, address: `${host}:${ports.sinks}` },
      ]),
    ),
    policies: 'consumer',
    // Connections of a row are open long before its first request.
    limits: { listener: { headersMs: 60_000, requestMs: 60_000 } },
    rates: {
      peer: open,
      peerRoom: open,
      roomSender: open,
      epochSender: open,
      tokenVerify: open,
    },
    log: { level: 'warn' },
  }
  const file = join(stage.directory, 'postern.json')
  await writeFile(file, JSON.stringify(document))
  return file
}

export function programPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** Below the ports that the kernel gives to outgoing connections, so that none of ours takes one of them. */
async function freePorts(): Promise<Stage['ports']> {
  const found: number[] = []
  const first = PORT_MIN + Math.floor(Math.random() * PORT_SPAN)
  for (let port = first; found.length < portNames.length; port++) {
    if (port > first + PORTS_TRIED_MAX) throw new Error('there are no free ports')
    if (await isFree(port)) found.push(port)
  }
  const ports = {} as Record<PortName, number>
  for (const [index, name] of portNames.entries()) ports[name] = found[index] ?? 0
  return ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

const PORT_MIN = 12_000
const PORT_SPAN = 15_000
const PORTS_TRIED_MAX = 500
