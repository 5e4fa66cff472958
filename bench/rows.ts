import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { FanoutLoad } from './fanout-load.ts'
import { Load, type NextRequest, type Paced, type Throughput } from './load.ts'
import type { BenchOptions, RowName } from './options.ts'
import { listening, startProcess, type Child } from './processes.ts'
import { fanoutHead, peerHead, provenRequestsOf, requestsOf } from './requests.ts'
import { hub, peer, suite, type Scene } from './scene.ts'
import { followers, programPath, proxyData, writeConfiguration, type Stage } from './stage.ts'
import type { BareFanoutData } from './targets/bare-fanout.ts'
import { nginxCommand } from './targets/nginx.ts'

/** One row of the table: a process and a way to load it. */
export interface Row {
  readonly name: RowName
  readonly pid: number
  /** Before a round, and not part of it. */
  readonly prepare?: () => Promise<void>
  readonly round: (durationMs: number) => Promise<Throughput>
  readonly openLoop: (perSecond: number, durationMs: number) => Promise<Paced>
}

interface Setting {
  readonly stack: AsyncDisposableStack
  readonly stage: Stage
  readonly scene: Scene
  readonly options: BenchOptions
}

/** Starts what the wanted rows need. Rows of what is not installed are left out. */
export async function openRows(setting: Setting): Promise<readonly Row[]> {
  const wanted = setting.options.rows
  const rows: Row[] = []
  const proxies = [
    ['a', await nginx(setting)],
    ['b', node(setting, 'targets/bare-undici.ts', setting.stage.ports.b)],
    ['b2', node(setting, 'targets/http-proxy.ts', setting.stage.ports.b2)],
  ] as const
  for (const [name, target] of proxies)
    if (wanted.has(name) && target !== undefined) rows.push(await proxyRow(setting, name, target))
  if (OWN.some((name) => wanted.has(name))) rows.push(...(await postern(setting)))
  if (wanted.has('e0')) rows.push(await bareFanout(setting))
  return rows
}

interface Target {
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
}

async function nginx({ stage }: Setting): Promise<Target | undefined> {
  const port = stage.ports.a
  const command = await nginxCommand(join(stage.directory, 'nginx'), proxyData(stage, port))
  return command && { ...command, port }
}

function node({ stage, options }: Setting, program: string, port: number): Target {
  const data = JSON.stringify(proxyData(stage, port))
  return { ...nodeCommand(options, programPath(program), data), port }
}

/** Every Node process is started with the flags of `npm start`. */
export function nodeCommand(
  { profileDirectory }: BenchOptions,
  program: string,
  ...args: string[]
) {
  const profiling =
    profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`]
  return { command: process.execPath, args: [...NODE_FLAGS, ...profiling, program, ...args] }
}

async function startTarget(
  { stack }: Pick<Setting, 'stack'>,
  { command, args, port }: Target,
): Promise<Child> {
  const child = stack.use(startProcess({ command, args, pinned: true }))
  await listening(port, child)
  return child
}

async function proxyRow(setting: Setting, name: RowName, target: Target): Promise<Row> {
  const { scene, stage } = setting
  const child = await startTarget(setting, target)
  const requests = requestsOf(scene.submitMessage, peerHead('submitMessage'), {
    number: 1,
    next: 0,
  })
  return loadRow(name, {
    pid: child.pid,
    load: await openLoad(setting, { port: target.port, tls: clientTls(stage), requests }),
  })
}

async function postern(setting: Setting): Promise<readonly Row[]> {
  const { stage, scene, options } = setting
  const wanted = options.rows
  const { ports } = stage
  const file = await writeConfiguration(stage, join(stage.directory, hub))
  const program = programPath('../src/main.ts')
  const command = nodeCommand(options, program, 'serve', '--config', file)
  const { pid, process: child } = await startTarget(setting, { ...command, port: ports.peers })
  if (child.exitCode !== null) throw new Error('postern does not start')
  const tls = clientTls(stage)
  const port = ports.peers
  const rows: Row[] = []
  if (wanted.has('c')) {
    const requests = requestsOf(scene.submitMessage, peerHead('submitMessage'), {
      number: 2,
      next: 0,
    })
    rows.push(loadRow('c', { pid, load: await openLoad(setting, { port, tls, requests }) }))
  }
  if (wanted.has('t')) {
    const series = { number: 6, next: 0 }
    const requests = provenRequestsOf(scene.unnamed, peerHead('submitMessage'), series)
    rows.push(loadRow('t', { pid, load: await openLoad(setting, { port, tls, requests }) }))
  }
  if (wanted.has('d')) {
    const requests = requestsOf(scene.notify, peerHead('notify'), { number: 3, next: 0 })
    const load = await openLoad(setting, { port, tls, requests, status: 201 })
    rows.push(loadRow('d', { pid, load }))
  }
  if (wanted.has('e')) rows.push(await posternFanout(setting, pid))
  return rows
}

/** Each message of a round is submitted before it, so that the fan-out finds its stamp. */
async function posternFanout(setting: Setting, pid: number): Promise<Row> {
  const { stack, stage, scene } = setting
  const { ports, farSide } = stage
  const submissions = await openLoad(setting, {
    port: ports.peers,
    tls: clientTls(stage),
    requests: requestsOf(scene.submitMessage, peerHead('submitMessage'), { number: 4, next: 0 }),
  })
  const series = { number: 4, next: 0 }
  const load = stack.use(
    await FanoutLoad.open({
      port: ports.internal,
      requests: requestsOf(scene.fanout, fanoutHead(followers), series),
      farSide,
      series,
    }),
  )
  const prepare = async () => load.allow(await submissions.sendAll(FANOUT_MESSAGES_MAX))
  return { ...loadRow('e', { pid, load }), prepare }
}

async function bareFanout(setting: Setting): Promise<Row> {
  const { stack, stage, scene, options } = setting
  const { ca, files, ports, farSide } = stage
  const data: BareFanoutData = {
    port: ports.e0,
    sinkPort: ports.sinks,
    domains: followers,
    from: `mimi@${hub}`,
    path: `/notify/${encodeURIComponent(scene.franked.room)}`,
    suite,
    ca,
    ...files(hub),
  }
  const command = nodeCommand(options, programPath('targets/bare-fanout.ts'), JSON.stringify(data))
  const { pid } = await startTarget(setting, { ...command, port: ports.e0 })
  const series = { number: 5, next: 0 }
  const load = stack.use(
    await FanoutLoad.open({
      port: ports.e0,
      requests: requestsOf(scene.franked, fanoutHead(followers), series),
      farSide,
      series,
    }),
  )
  const prepare = async () => load.allow(FANOUT_MESSAGES_MAX)
  return { ...loadRow('e0', { pid, load }), prepare }
}

function loadRow(
  name: RowName,
  { pid, load }: { readonly pid: number; readonly load: Pick<Load, 'closedLoop' | 'openLoop'> },
): Row {
  return {
    name,
    pid,
    round: (durationMs) => load.closedLoop(durationMs),
    openLoop: (perSecond, durationMs) => load.openLoop(perSecond, durationMs),
  }
}

interface LoadOf {
  readonly port: number
  readonly tls: ConnectionOptions
  readonly requests: () => NextRequest
  readonly status?: number
}

async function openLoad({ stack }: Setting, { status = 200, ...load }: LoadOf): Promise<Load> {
  return stack.use(await Load.open({ ...load, status, connections: CONNECTIONS }))
}

function clientTls({ ca, files }: Stage): ConnectionOptions {
  const { certificate, key } = files(peer)
  return {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ca: readFileSync(ca),
    servername: hub,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['http/1.1'],
  }
}

/** Those of `npm start`. */
export const NODE_FLAGS = ['--max-semi-space-size=64']
const CONNECTIONS = 64
const FANOUT_MESSAGES_MAX = 1_200
/** Rows of a gateway of ours. */
const OWN: readonly RowName[] = ['c', 't', 'd', 'e']
