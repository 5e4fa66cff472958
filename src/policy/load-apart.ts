import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Invariant } from './invariants.ts'
import { refused, type PolicyInspection, type PolicySubject } from './load.ts'

/** Policies as they were read, and what must hold of them. */
export interface PolicyInput {
  readonly bytes: Uint8Array
  readonly invariants: readonly Invariant[]
  /** Metadata at the gateway unless given. Invariants are about that only. */
  readonly subject?: PolicySubject
}

/** What the process is asked. */
export interface PolicyWork extends PolicyInput {
  readonly nowMs: number
}

/**
 * As `inspectPolicies`, from bytes and in a process that is given up afterwards; the compiled policies
 * have agreed with Cedar on a sample, and each invariant holds in every situation. A process that dies
 * or takes too long is one more finding, and ours lives.
 */
export async function inspectApart(
  input: PolicyInput,
  { nowMs, timeMsMax = TIME_MS_MAX }: { readonly nowMs: number; readonly timeMsMax?: number },
): Promise<PolicyInspection> {
  if (input.bytes.length > TEXT_BYTES_MAX) return refused('text-too-long')
  const child = fork(new URL('./load-process.ts', import.meta.url), {
    // Neither hooks nor secrets of the process are a parser's business; it reads code and does no more.
    execArgv: [
      '--permission',
      '--allow-fs-read=*',
      `--max-old-space-size=${HEAP_MEGABYTES_MAX}`,
      '--disable-warning=ExperimentalWarning',
    ],
    env: {},
    stdio: 'ignore',
    serialization: 'advanced',
  })
  const ended = new AbortController()
  child.once('exit', () => ended.abort())
  child.once('error', () => ended.abort())
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(timeMsMax)])
  try {
    const answer = once(child, 'message', { signal })
    const work: PolicyWork = { ...input, nowMs }
    child.send(work, () => {})
    const [inspection] = await answer
    return inspection
  } catch {
    return refused('time-or-memory')
  } finally {
    child.kill('SIGKILL')
  }
}

/** Four bytes for each character of the longest text. */
const TEXT_BYTES_MAX = 1_048_576
const TIME_MS_MAX = 20_000
const HEAP_MEGABYTES_MAX = 256
