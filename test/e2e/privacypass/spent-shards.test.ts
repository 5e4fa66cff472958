import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tempDir } from '../../support/temp-dir.ts'
import type { SenderData, SenderResult } from './spent-sender.ts'
import { outcomes } from './spent-wire.ts'

const WORKERS = 4
const TOKENS = 200_000
/** Has no divisor in common with the number of tokens. */
const STRIDES = [1, 66_667, 123_457, 199_999]
/** Of 800,000 racing submissions: when a worker is killed, and which one. */
const KILLS = [
  { after: 150_000, worker: 2 },
  { after: 350_000, worker: 0 },
  { after: 550_000, worker: 2 },
]

/** What each sender calls its request, for even and for odd tokens. */
const REQUESTS = [
  ['shared', 'one'],
  ['shared', 'two'],
  ['three', 'three'],
  ['four', 'four'],
] as const

function start(program: URL, ...args: string[]): ChildProcess {
  const child = fork(program, args, { serialization: 'advanced' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Four workers in one store, that can be killed. */
async function startWorkers() {
  const directory = tempDir()
  const sockets = Array.from({ length: WORKERS }, (_, index) => join(directory, `${index}.sock`))
  const startWorker = async (index: number): Promise<ChildProcess> => {
    const args = [join(directory, 'store'), `${index}`, `${WORKERS}`, sockets[index] ?? '']
    const worker = start(new URL('spent-worker.ts', import.meta.url), ...args)
    await once(worker, 'message')
    return worker
  }
  const workers = await Promise.all(sockets.map((_, index) => startWorker(index)))
  return {
    sockets,
    kill: async (index: number): Promise<void> => {
      const worker = workers[index]
      if (worker === undefined || !worker.kill('SIGKILL')) throw new Error('no worker')
      await once(worker, 'exit')
      workers[index] = await startWorker(index)
    },
    stop: async (): Promise<readonly (number | null)[]> =>
      Promise.all(
        workers.map(async (worker) => {
          const exit = once(worker, 'exit')
          worker.kill('SIGTERM')
          return (await exit)[0] as number | null
        }),
      ),
  }
}

/** What became of each token for one sender. */
async function send(data: SenderData, told: (answered: number) => void): Promise<SenderResult> {
  const sender = start(new URL('spent-sender.ts', import.meta.url), JSON.stringify(data))
  const result = Promise.withResolvers<SenderResult>()
  sender.on('message', (message: number | SenderResult) => {
    if (typeof message === 'number') told(message)
    else result.resolve(message)
  })
  sender.once('exit', () => result.reject(new Error('a sender died')))
  return result.promise
}

/** What contradicts that each token was spent once, by one request. */
function contradictions(results: readonly SenderResult[]): Record<string, number> {
  const found: Record<string, number> = {}
  const note = (what: string): void => void (found[what] = (found[what] ?? 0) + 1)
  for (let token = 0; token < TOKENS; token += 1) {
    const kinds = results.map((result) => outcomes[result.kinds[token] ?? 0] ?? 'none')
    for (const kind of kinds) if (!KINDS.has(kind)) note(kind)
    if (kinds.filter((kind) => kind === 'spent').length > 1) note('spent twice')
    const winners = kinds.flatMap((kind, sender) =>
      kind === 'spent' || kind === 'again' ? [REQUESTS[sender]?.[token % 2]] : [],
    )
    if (new Set(winners).size !== 1) note(`${new Set(winners).size} requests have it`)
    // The first two send the same request for even tokens.
    if (token % 2 === 0 && winners[0] === 'shared' && winners.length !== 2) note('refused again')
  }
  return found
}

test('of a million submissions that race for tokens over four workers, some of which are killed, no token is spent twice and no answer is lost', async () => {
  const workers = await startWorkers()
  const { sockets } = workers
  const progress = [0, 0, 0, 0]
  const kills = [...KILLS]
  const killed: Promise<void>[] = []
  const told = (sender: number) => (answered: number) => {
    progress[sender] = answered
    const sum = progress.reduce((a, b) => a + b)
    while (kills[0] !== undefined && sum >= kills[0].after)
      killed.push(workers.kill(kills.shift()?.worker ?? 0))
  }
  const racing = await Promise.all(
    REQUESTS.map((requests, sender) => {
      const stride = STRIDES[sender] ?? 1
      return send({ sockets, tokens: TOKENS, stride, requests }, told(sender))
    }),
  )
  await Promise.all(killed)
  expect(killed).toHaveLength(KILLS.length)
  expect(racing.reduce((sum, { resent }) => sum + resent, 0)).toBeGreaterThan(100)
  expect(contradictions(racing)).toEqual({})
  const late = { sockets, tokens: TOKENS, stride: 1, requests: ['late', 'late'] as const }
  const again = await send(late, () => {})
  expect(new Set(again.kinds)).toEqual(new Set([outcomes.indexOf('replayed')]))
  expect(await workers.stop()).toEqual([0, 0, 0, 0])
}, 180_000)

const KINDS = new Set(['spent', 'again', 'replayed'])
