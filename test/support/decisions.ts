import { createDecisionLog, type DecisionLogOptions } from '../../src/decision-log/decision-log.ts'
import type { Circumstances } from '../../src/decision-log/decision.ts'
import type { DecisionRecord } from '../../src/decision-log/record.ts'
import type { DecisionSink } from '../../src/decision-log/sink.ts'
import { purposeOf, type Plan } from '../../src/metadata/plan.ts'
import { parseProviderDomain } from '../../src/model/ids.ts'
import type { Audience } from '../../src/model/metadata.ts'
import { createPlanTable } from '../../src/policy/plan-table.ts'
import type { PolicyRoom } from '../../src/policy/slices.ts'
import type { PeerFacts } from '../../src/policy/vocabulary.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'
import { createLog } from '../../src/signals/log.ts'
import { createMetrics } from '../../src/signals/metrics.ts'
import { peerFacts, policyRoom, profileEngine } from './policy.ts'

/** Keeps what is written; while `broken` it takes nothing, while `stuck` it never answers. */
export interface MemorySink extends DecisionSink {
  readonly records: DecisionRecord[]
  broken: boolean
  stuck: boolean
}

export function memorySink(): MemorySink {
  const records: DecisionRecord[] = []
  return {
    name: 'file',
    records,
    broken: false,
    stuck: false,
    async write(batch) {
      if (this.broken) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      if (this.stuck) await new Promise(() => {})
      records.push(...batch)
    },
  }
}

/** A decision log at a fixed time, with the lines of the log beside it. */
export function decisionLogTo(
  sinks: readonly DecisionSink[],
  options: Partial<DecisionLogOptions> = {},
) {
  const lines: string[] = []
  const decisionLog = createDecisionLog({
    sinks,
    provider: 'a.example',
    version: '1.2.3',
    sampleAllows: 1,
    metrics: createMetrics(),
    log: createLog('info', { write: (line) => void lines.push(line) }),
    clock: () => Date.UTC(2027, 0, 2, 3, 4, 5, 678),
    randomness: (bytes) => Buffer.alloc(bytes, 7),
    ...options,
  })
  return { decisionLog, lines }
}

const decisions = createPlanTable(profileEngine('consumer'), declarations)

/** A submitMessage of a peer under the policies for consumers. */
export function submission(
  facts: { readonly peer?: Partial<PeerFacts>; readonly room?: PolicyRoom } = {},
): Circumstances {
  return {
    exchange: {
      operation: 'submitMessage',
      direction: 'ingress',
      origin: { kind: 'peer', domain: parseProviderDomain('b.example') },
    },
    context: { requestId: '0011223344556677-1' },
    decisions,
    peer: peerFacts(facts.peer),
    room: facts.room ?? policyRoom(),
  }
}

export function admissionOf({ exchange, peer, room }: Circumstances) {
  const { operation, direction } = exchange
  return decisions.admit({ peer, room, operation, direction, local: false, tier: 'room-pseudonym' })
}

export function planOf({ exchange, peer, room }: Circumstances, audience: Audience): Plan {
  const { operation, direction } = exchange
  const purpose = purposeOf(operation, audience)
  return decisions.plan({ peer, room, operation, direction, audience, purpose })
}
