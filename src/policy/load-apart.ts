import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Invariant } from './invariants.ts'
import { refused, type PolicyInspection } from './load.ts'

/** Policies as they were read, and what must hold of them. */
export interface PolicyInput {
  readonly bytes: Uint8Array
  readonly invariants: readonly Invariant[]
}

/**
 * As `inspectPolicies`, from bytes and in a thread that is given up afterwards; the compiled policies
 * have agreed with Cedar on a sample, and each invariant holds in every situation. A thread that dies or takes too long is one more finding, and
 * the process lives.
 */
export async function inspectApart(
  input: PolicyInput,
  timeMsMax = TIME_MS_MAX,
): Promise<PolicyInspection> {
  if (input.bytes.length > TEXT_BYTES_MAX) return refused('text-too-long')
  const worker = new Worker(new URL('./load-worker.ts', import.meta.url), {
    workerData: input,
    // Neither hooks nor secrets of the process are a parser's business.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX },
  })
  try {
    const [inspection] = await once(worker, 'message', { signal: AbortSignal.timeout(timeMsMax) })
    return inspection
  } catch {
    return refused('time-or-memory')
  } finally {
    await worker.terminate()
  }
}

/** Four bytes for each character of the longest text. */
const TEXT_BYTES_MAX = 1_048_576
const TIME_MS_MAX = 20_000
const HEAP_MEGABYTES_MAX = 256
