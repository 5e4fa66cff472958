import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Which core is whose: what is measured has one for itself. */
const cores = { measured: 0, load: 1 } as const

/** Moves this process, and whatever it starts from now on, to the core of the load. Undefined, or why not. */
export function pinLoad(): string | undefined {
  if (availableParallelism() < 2) return 'this machine has one core: nothing is pinned'
  try {
    execFileSync('taskset', ['-a', '-p', '-c', String(cores.load), String(process.pid)])
    return undefined
  } catch {
    return 'taskset is missing: nothing is pinned, and the numbers mean little'
  }
}

/** Lets this process, and whatever it starts from now on, run on every core again, where it was pinned. */
export function unpin(): void {
  const all = Object.values(cores).join(',')
  execFileSync('taskset', ['-a', '-p', '-c', all, String(process.pid)])
}

/** A process that ends with its owner. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  readonly process: ChildProcess
}

export interface StartOptions {
  readonly command: string
  readonly args: readonly string[]
  /** On the core of the measured. */
  readonly pinned: boolean
  /** Whether it speaks to us over the channel of `child_process`. */
  readonly channel?: boolean
}

/** What it writes goes to our stderr. INVARIANT: nothing that was started here outlives this process. */
export function startProcess({ command, args, pinned, channel = false }: StartOptions): Child {
  const [file, all] = pinned
    ? ['taskset', ['-c', String(cores.measured), command, ...args]]
    : [command, [...args]]
  const stdio: StdioOptions = ['ignore', 2, 2, ...(channel ? (['ipc'] as const) : [])]
  const child = spawn(file, all, { stdio })
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} does not start`)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return { pid, process: child, [Symbol.asyncDispose]: () => stop(child) }
}

/** Resolves as soon as somebody listens on the port of 127.0.0.1. Throws after 20 seconds. */
export async function listening(port: number, { process: child }: Child): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (await answers(port)) return
    if (child.exitCode !== null) throw new Error('a process of the benchmark ended at once')
    await sleep(ATTEMPT_MS)
  }
  throw new Error('a process of the benchmark does not listen')
}

/**
 * CPU time of a process and its children, those that ended too, with all of their threads, in µs: to
 * 10 ms, as the kernel counts.
 */
export function cpuMicros(pid: number): number {
  const childPids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  const own = [String(pid), ...childPids.filter((text) => text.trim() !== '')]
  return own.reduce((sum, one) => sum + ticksOf(one) * MICROS_PER_TICK, 0)
}

function ticksOf(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program stands in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const times = fields.slice(UTIME_FIELD, UTIME_FIELD + TIME_FIELDS)
  return times.reduce((sum, time) => sum + Number(time), 0)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(late)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const ATTEMPTS_MAX = 400
const ATTEMPT_MS = 50
const STOP_MS = 10_000
/** `utime` after pid, comm: proc(5), counted from `state`. */
const UTIME_FIELD = 11
/** In user and kernel mode, then the same of children that ended. */
const TIME_FIELDS = 4
/** USER_HZ is 100 on Linux. */
const MICROS_PER_TICK = 10_000
