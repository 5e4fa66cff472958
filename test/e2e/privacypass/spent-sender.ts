import { hash as digest } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { shardOf } from '../../../src/privacypass/spent-tokens.ts'
import { ANSWER_BYTES, cutInto, SUBMISSION_BYTES } from './spent-wire.ts'

/** What a sender is started with, as JSON in its first argument. */
export interface SenderData {
  /** One per shard. */
  readonly sockets: readonly string[]
  readonly tokens: number
  /** In which order it takes them: has no divisor in common with their number. */
  readonly stride: number
  /** Its requests: those of another sender with the same name are the same. */
  readonly requests: readonly [even: string, odd: string]
}

/** What a sender says in the end. */
export interface SenderResult {
  /** What became of each token. */
  readonly kinds: Uint8Array
  /** How many submissions it sent again because a worker went away. */
  readonly resent: number
}

// Submits every token once, many at a time, and again what got no answer when a worker went away. Tells
// every ten thousandth answer, and in the end what became of each token.

const WINDOW = 512
const RETRY_MS = 20
const data = JSON.parse(process.argv[2] ?? '') as SenderData
const kinds = new Uint8Array(data.tokens)
let answered = 0
let resent = 0

function submissionOf(token: number): Buffer {
  const bytes = Buffer.alloc(SUBMISSION_BYTES)
  bytes.writeUInt32LE(token)
  bytes.set(digest('sha256', `token ${token}`, 'buffer'), 4)
  const request = `request ${data.requests[token % 2 === 0 ? 0 : 1]} ${token}`
  bytes.set(digest('sha256', request, 'buffer').subarray(0, 8), 36)
  return bytes
}

/** The way to one shard. */
class Lane {
  private readonly path: string
  private readonly waiting: Buffer[] = []
  /** Without an answer yet. */
  private readonly open = new Map<number, Buffer>()
  private socket: Socket | undefined

  constructor(path: string) {
    this.path = path
  }

  add(submission: Buffer): void {
    this.waiting.push(submission)
  }

  run(): void {
    const socket = connect(this.path)
    const receive = cutInto(ANSWER_BYTES, (answer) => this.settle(answer))
    socket.on('data', (chunk: Buffer) => {
      receive(chunk)
      this.fill()
    })
    socket.once('connect', () => {
      this.socket = socket
      resent += this.open.size
      if (this.open.size > 0) socket.write(Buffer.concat([...this.open.values()]))
      this.fill()
    })
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.socket = undefined
      if (this.open.size > 0 || this.waiting.length > 0) setTimeout(() => this.run(), RETRY_MS)
    })
  }

  private fill(): void {
    const batch: Buffer[] = []
    while (this.open.size < WINDOW) {
      const submission = this.waiting.pop()
      if (submission === undefined) break
      this.open.set(submission.readUInt32LE(), submission)
      batch.push(submission)
    }
    if (batch.length > 0) this.socket?.write(Buffer.concat(batch))
    if (this.open.size === 0 && this.waiting.length === 0) this.socket?.end()
  }

  private settle(answer: Buffer): void {
    const token = answer.readUInt32LE()
    if (!this.open.delete(token)) throw new Error('two answers to one submission')
    kinds[token] = answer[4] ?? 0
    answered += 1
    if (answered % 10_000 === 0) process.send?.(answered)
    if (answered === data.tokens)
      process.send?.({ kinds, resent } satisfies SenderResult, () => process.disconnect())
  }
}

const lanes = data.sockets.map((path) => new Lane(path))
for (let n = 0; n < data.tokens; n += 1) {
  const submission = submissionOf((n * data.stride) % data.tokens)
  lanes[shardOf(submission.subarray(4, 36), lanes.length)]?.add(submission)
}
for (const lane of lanes) lane.run()
