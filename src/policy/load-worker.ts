import { parentPort, workerData } from 'node:worker_threads'
import { GatewayError } from '../model/errors.ts'
import { inspectPolicies, refused, type PolicyInspection } from './load.ts'
import { agreesWithCedar } from './self-test.ts'

/**
 * Runs in a thread of its own, once: a text can kill the wasm instance that parses it, or keep it
 * busy, so neither happens where requests are served.
 */
function inspect(bytes: unknown): PolicyInspection {
  if (!(bytes instanceof Uint8Array)) return refused('not-text')
  const text = decode(bytes)
  if (text === undefined) return refused('not-text')
  const inspection = inspectPolicies(text)
  if (inspection.kind === 'invalid') return inspection
  try {
    return agreesWithCedar(inspection.loaded) ? inspection : refused('self-test')
  } catch (error) {
    if (error instanceof GatewayError) return refused('self-test')
    throw error
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

parentPort?.postMessage(inspect(workerData), [])
