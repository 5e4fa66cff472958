import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { refused, type PolicyInspection } from './load.ts'

/**
 * As `inspectPolicies`, from bytes and in a thread that is given up afterwards; the compiled policies
 * have agreed with Cedar on a sample. A thread that dies or takes too long is one more finding, and
 * the process lives.
 */
export async function inspectApart(
  bytes: Uint8Array,
  timeMsMax = TIME_MS_MAX,
): Promise<PolicyInspection> {
  if (bytes.length > TEXT_BYTES_MAX) return refused('text-too-long')
  const worker = new Worker(new URL('./load-worker.ts', import.meta.url), {
    workerData: bytes,
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
