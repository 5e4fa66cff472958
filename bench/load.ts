import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { HttpMessages } from './http-messages.ts'

/** One request per call: the same buffer each time for a connection, with what differs written into it. */
export type NextRequest = () => Buffer

export interface LoadOptions {
  readonly port: number
  /** Undefined: plain HTTP. */
  readonly tls: ConnectionOptions | undefined
  readonly connections: number
  /** A maker of requests per connection. */
  readonly requests: () => NextRequest
  /** Any other status stops the benchmark. */
  readonly status: number
}

export interface Throughput {
  readonly requests: number
  readonly elapsedMs: number
}

export interface Paced {
  readonly requests: number
  /** From the moment at which each was due to its answer, in ms. */
  readonly timesMs: readonly number[]
}

/** Keep-alive connections that send prepared bytes: as cheap as Node can, so that it never is what limits. */
export class Load implements Disposable {
  private readonly lanes: readonly Lane[]

  private constructor(lanes: readonly Lane[]) {
    this.lanes = lanes
  }

  static async open(options: LoadOptions): Promise<Load> {
    const lanes = await Promise.all(
      Array.from({ length: options.connections }, () => Lane.open(options)),
    )
    return new Load(lanes)
  }

  /** Every connection sends its next request when it has the answer to the last one. */
  async closedLoop(durationMs: number): Promise<Throughput> {
    const startMs = performance.now()
    const endMs = startMs + durationMs
    const counts = await Promise.all(this.lanes.map((lane) => sendUntil(lane, endMs)))
    const requests = counts.reduce((sum, count) => sum + count, 0)
    return { requests, elapsedMs: performance.now() - startMs }
  }

  /** Sends `count` requests, wherever a connection is free; resolves to `count`. */
  async sendAll(count: number): Promise<number> {
    let left = count
    const drain = async (lane: Lane): Promise<void> => {
      while (left > 0) {
        left -= 1
        await lane.send()
      }
    }
    await Promise.all(this.lanes.map(drain))
    return count
  }

  /**
   * Sends at a fixed rate, whatever the answers do; times count from the moment at which a request was
   * due, so that waiting for a free connection counts as well.
   */
  async openLoop(perSecond: number, durationMs: number): Promise<Paced> {
    const total = Math.round((perSecond * durationMs) / 1_000)
    const idle = [...this.lanes]
    const due: number[] = []
    const times: number[] = []
    const ended = Promise.withResolvers<void>()
    const startMs = performance.now()
    let scheduled = 0
    const sendOne = async (lane: Lane, dueMs: number): Promise<void> => {
      try {
        await lane.send()
      } catch (error) {
        ended.reject(error)
      }
      times.push(performance.now() - dueMs)
      idle.push(lane)
      if (times.length === total) ended.resolve()
      else pump()
    }
    const pump = (): void => {
      for (;;) {
        const dueMs = due[0]
        const lane = dueMs === undefined ? undefined : idle.pop()
        if (lane === undefined || dueMs === undefined) return
        due.shift()
        void sendOne(lane, dueMs)
      }
    }
    const timer = setInterval(() => {
      const nowMs = performance.now()
      for (; scheduled < total; scheduled++) {
        const dueMs = startMs + (scheduled * 1_000) / perSecond
        if (dueMs > nowMs) break
        due.push(dueMs)
      }
      if (scheduled === total) clearInterval(timer)
      if (due.length > BACKLOG_MAX) ended.reject(new Error('the fixed rate is too high'))
      pump()
    }, 1)
    try {
      await ended.promise
    } finally {
      clearInterval(timer)
    }
    return { requests: total, timesMs: times }
  }

  [Symbol.dispose](): void {
    for (const lane of this.lanes) lane.close()
  }
}

async function sendUntil(lane: Lane, endMs: number): Promise<number> {
  let count = 0
  while (performance.now() < endMs) {
    await lane.send()
    count += 1
  }
  return count
}

/** One connection with at most one request under way. */
class Lane {
  private readonly socket: Socket
  private readonly next: NextRequest
  private waiting: PromiseWithResolvers<void> | undefined

  private constructor(socket: Socket, { requests, status }: LoadOptions) {
    this.socket = socket
    this.next = requests()
    const expected = `HTTP/1.1 ${status}`
    const messages = new HttpMessages((head) => {
      const { waiting } = this
      this.waiting = undefined
      if (head.startsWith(expected)) waiting?.resolve()
      else waiting?.reject(new Error(`expected ${expected}, got ${head.slice(0, 12)}`))
    })
    socket.on('data', (chunk: Buffer) => messages.push(chunk))
    const lost = () => this.waiting?.reject(new Error(LOST))
    socket.on('error', lost)
    socket.on('close', lost)
  }

  static open(options: LoadOptions): Promise<Lane> {
    const { port, tls } = options
    return new Promise((resolve, reject) => {
      const opened = (): void => resolve(new Lane(socket.setNoDelay(true), options))
      const host = '127.0.0.1'
      const socket =
        tls === undefined
          ? connectPlain({ host, port }, opened)
          : connectTls({ ...tls, host, port }, opened)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error(LOST)))
    })
  }

  send(): Promise<void> {
    if (this.socket.destroyed) return Promise.reject(new Error(LOST))
    this.waiting = Promise.withResolvers()
    this.socket.write(this.next())
    return this.waiting.promise
  }

  close(): void {
    this.socket.destroy()
  }
}

const LOST = 'a connection was lost'
const BACKLOG_MAX = 50_000
