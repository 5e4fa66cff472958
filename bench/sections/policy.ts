import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { composeMessage, textBody } from '../../src/client/mimi/franked-message.ts'
import { privateView } from '../../src/client/mimi/handshake.ts'
import { createDecisionLog, NO_DECISION_LOG } from '../../src/decision-log/decision-log.ts'
import { createLog } from '../../src/signals/log.ts'
import { createMetrics } from '../../src/signals/metrics.ts'
import type { DecisionSink } from '../../src/decision-log/sink.ts'
import type { Suite } from '../../src/metadata/suite.ts'
import type { SubmitMessageExchange } from '../../src/model/exchange.ts'
import { parseMimiUri, parseProviderDomain } from '../../src/model/ids.ts'
import { disclose } from '../../src/pipeline/disclose.ts'
import type { Passage } from '../../src/pipeline/passage.ts'
import { discloseMessage } from '../../src/pipeline/submit-message.ts'
import { framedMessageOf } from '../../src/wire/mls/header.ts'
import { groupOf } from '../../test/support/mls-members.ts'
import { reloadUnderLoad, type ReloadsUnderLoad } from '../../test/support/reload-load.ts'
import { atLeast, atMost, quantile, report, type Section, type SectionRow } from './section.ts'
import { builtInSuites } from '../../src/metadata/suites.ts'
import { cedarEngine } from '../../src/policy/cedar-engine.ts'
import { compiledEngine } from '../../src/policy/compiled-engine.ts'
import type { PolicyEngine } from '../../src/policy/engine.ts'
import { exposureDiff } from '../../src/policy/exposure-diff.ts'
import { loadPolicies, type LoadedPolicies } from '../../src/policy/load.ts'
import { createPlanTable, type PlanRequest } from '../../src/policy/plan-table.ts'
import { unpin } from '../processes.ts'
import { openCasbin } from './casbin-fields.ts'
import { context, decideTen, handWritten, peer, room } from './ten-fields.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'

/**
 * Ten fields of one request, side by side: hand-written JavaScript, compiled policies, cedar-wasm,
 * casbin, and a plan from the table. Each batch brings new objects for peer, room and context, so nothing is
 * remembered but in the last row.
 */
async function policySection(): Promise<Section> {
  const loaded = loadPolicies(profileText('consumer'))
  const compiled = compiledEngine(loaded)
  const cedar = cedarEngine(loaded)
  const many = compiledEngine(withPeerPolicies(loaded, 10_000))
  const { log, flush } = logging(compiled)
  const casbin = await openCasbin()
  for (let round = 0; round < ROUNDS_COMPARED; round += 1)
    decideTen((request) => {
      const answer = compiled.decide(request)
      for (const decide of [casbin, handWritten])
        if (decide(request).decision !== answer.decision) throw new Error('not the same policies')
      return answer
    }, round)
  const measured = {
    handWritten: await measure({
      batch: 1_000,
      batches: 400,
      run: () => decideTen(handWritten, kept),
    }),
    compiled: await measure({
      batch: 100,
      batches: 400,
      run: () => decideTen((request) => compiled.decide(request), kept),
    }),
    tenThousand: await measure({
      batch: 100,
      batches: 400,
      run: () => decideTen((request) => many.decide(request), kept),
    }),
    cedar: await measure({
      batch: 1,
      batches: 60,
      run: () => decideTen((request) => cedar.decide(request), kept),
    }),
    casbin: await measure({ batch: 1, batches: 200, run: () => decideTen(casbin, kept) }),
    planHit: await measure({ batch: 1_000, batches: 400, run: planLookup(compiled) }),
    disclosure: await measure({ batch: 1_000, batches: 400, run: disclosure(compiled) }),
    logged: await measure({ batch: 1_000, batches: 400, run: log, between: flush }),
  }
  const of = (name: keyof typeof measured): number => measured[name].medianUs
  const row = (what: string, name: keyof typeof measured): SectionRow => {
    const { medianUs, p99Us } = measured[name]
    return { what, unit: 'µs', median: medianUs, p99: p99Us }
  }
  const diffMs = measureDiff(loaded)
  const { accepted, failed, stallsMs } = await measureReloads()
  const few = `${loaded.policies.length} policies`
  return {
    title: 'Policies: ten fields of one request, and what is left of them on the path of a message',
    rows: [
      row('ten fields, hand-written JavaScript', 'handWritten'),
      row(`ten fields, ${few}, compiled`, 'compiled'),
      row('ten fields, 10,000 policies, compiled', 'tenThousand'),
      row(`ten fields, ${few}, cedar-wasm`, 'cedar'),
      row('ten fields, the same model, casbin', 'casbin'),
      row('a plan from the table', 'planHit'),
      row('disclosure of a submitMessage, towards hub and followers', 'disclosure'),
      row('a decision into the log', 'logged'),
      { what: 'diff of two profiles, the whole registry', unit: 'ms', median: diffMs },
      {
        what: 'reload of 200 policies under load, longest stall of the event loop',
        unit: 'ms',
        median: quantile(stallsMs, 0.5),
        p99: quantile(stallsMs, 0.99),
      },
    ],
    bars: [
      atLeast('cedar-wasm : compiled', of('cedar') / of('compiled'), 400),
      atMost('compiled : hand-written', of('compiled') / of('handWritten'), '20 '),
      atMost('10,000 policies : few', of('tenThousand') / of('compiled'), '2 '),
      atMost('a plan from the table : hand-written', of('planHit') / of('handWritten'), '1 '),
      atMost('disclosure of a submitMessage', of('disclosure'), '3 µs'),
      atMost('a decision into the log', of('logged'), '0.3 µs'),
      atMost('diff of two profiles', diffMs, '10000 ms'),
      atMost('stall of a reload', quantile(stallsMs, 0.5), '20 ms'),
      atMost(`requests failed, of ${accepted + failed}`, failed, '0 '),
    ],
    notes: [
      'OPA is missing beside casbin: its wasm runs what the program `opa` compiled, which is not to be had here',
    ],
  }
}

/** `postern policy diff` without its process, in ms: every situation that either profile tells apart. */
function measureDiff(consumer: LoadedPolicies): number {
  const enterprise = loadPolicies(profileText('enterprise'))
  const startMs = performance.now()
  kept += exposureDiff(consumer, enterprise).length
  return performance.now() - startMs
}

/** Clients and delivery services are in the same process: an upper bound. Policies are checked elsewhere. */
async function measureReloads(): Promise<ReloadsUnderLoad> {
  unpin()
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-policy-'))
  try {
    return await reloadUnderLoad(directory, { policies: 200, reloads: 10 })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function profileText(name: string): string {
  const url = new URL(`../../policies/profiles/${name}/policies.cedar`, import.meta.url)
  return readFileSync(url, 'utf8')
}

/** All classes of peers with all suites. */
const ROUNDS_COMPARED = 25

function planLookup(engine: PolicyEngine): () => number {
  const suite = suiteNamed('identified')
  const table = createPlanTable(engine, declarations)
  const request: PlanRequest = { peer, room: { ...room, suite }, ...context }
  return () => (table.plan(request).kind === 'granted' ? 1 : 0)
}

/** A message of a real client. */
function submission(): SubmitMessageExchange {
  const [sender, roomUri] = [`mimi://${peer.id}/u/bob`, 'mimi://a.example/r/clubhouse'] as const
  const { applicationData, authenticatedData } = composeMessage(
    { senderUri: sender, roomUri },
    { body: textBody('hello') },
    randomBytes,
  )
  const [bob] = groupOf([sender])
  if (bob === undefined) throw new Error('no member')
  const message = bob.protect(applicationData, { authenticatedData, paddingFor: () => 0 })
  return {
    protocol: 'mimi',
    operation: 'submitMessage',
    direction: 'ingress',
    origin: { kind: 'peer', domain: parseProviderDomain(peer.id) },
    bytes: Buffer.alloc(0),
    room: parseMimiUri(roomUri, 'room'),
    sender: parseMimiUri(sender, 'user'),
    message: framedMessageOf(privateView(message)),
  }
}

function suiteNamed(name: string): Suite {
  const suite = builtInSuites(declarations).suiteByName(name)
  if (suite === undefined) throw new Error('no such suite')
  return suite
}

/** Stage 4 of a message that a peer's user submits, with what its bytes show. */
function disclosure(engine: PolicyEngine): () => number {
  const passage = passageOf(engine)
  return () => discloseMessage(passage).request.cells.length
}

function passageOf(engine: PolicyEngine): Passage<SubmitMessageExchange> {
  const suite = suiteNamed('moderated-pseudonyms')
  const decisions = createPlanTable(engine, declarations)
  return {
    exchange: submission(),
    context: {
      requestId: 'benchmark',
      receivedAtMs: 0,
      suite: undefined,
      agreement: undefined,
      signal: new AbortController().signal,
    },
    decisions,
    decisionLog: NO_DECISION_LOG,
    suite,
    peer,
    room: { ...room, suite },
    agreement: 'benchmark',
    attested: {},
  }
}

/** What a request pays for a decision of its that is logged, and what its record costs later. */
function logging(engine: PolicyEngine) {
  const passage = passageOf(engine)
  const plan = disclose(passage, 'follower')
  let octets = 0
  const sink: DecisionSink = {
    name: 'file',
    write: (records) => {
      for (const record of records) octets += JSON.stringify(record).length
      return Promise.resolve()
    },
  }
  const decisionLog = createDecisionLog({
    sinks: [sink],
    provider: 'a.example',
    version: 'benchmark',
    sampleAllows: 1,
    metrics: createMetrics(),
    log: createLog('silent', { write: () => {} }),
    clock: Date.now,
    randomness: randomBytes,
  })
  const log = (): number => {
    decisionLog.disclosure(passage, plan, 'follower')
    return octets
  }
  return { log, flush: () => decisionLog.flush() }
}

/** As an operator with many contracts would have: one more permit or forbid for each peer. */
function withPeerPolicies(loaded: LoadedPolicies, count: number): LoadedPolicies {
  const shared = { title: undefined, reason: 'r', line: 1, expiresAtMs: undefined }
  const more = Array.from({ length: count - loaded.policies.length }, (_, number) => {
    const text = `@id("peer-${number}") @reason("r") ${number % 2 === 0 ? 'permit' : 'forbid'} (principal == Peer::"p${number}.example", action in Action::"any:exact", resource) when { principal.verified };`
    const json = {
      effect: number % 2 === 0 ? ('permit' as const) : ('forbid' as const),
      principal: { op: '==' as const, entity: { type: 'Peer', id: `p${number}.example` } },
      action: { op: 'in' as const, entity: { type: 'Action', id: 'any:exact' } },
      resource: { op: 'All' as const },
      conditions: [
        {
          kind: 'when' as const,
          body: { '.': { left: { Var: 'principal' as const }, attr: 'verified' } },
        },
      ],
    }
    return { ...shared, id: `peer-${number}`, text, json }
  })
  return { policies: [...loaded.policies, ...more] }
}

interface Measured {
  readonly batch: number
  readonly batches: number
  readonly run: () => number
  /** After each batch, and not of its time. */
  readonly between?: () => Promise<void>
}

async function measure({ batch, batches, run, between }: Measured): Promise<{
  readonly medianUs: number
  readonly p99Us: number
}> {
  const timesUs: number[] = []
  for (let round = 0; round < batches + batches / 4; round += 1) {
    const start = performance.now()
    for (let each = 0; each < batch; each += 1) kept += run() + 1
    // The first fifth warms up.
    if (round >= batches / 4) timesUs.push(((performance.now() - start) * 1_000) / batch)
    await between?.()
  }
  return { medianUs: quantile(timesUs, 0.5), p99Us: quantile(timesUs, 0.99) }
}

/** Keeps answers in use, so that no loop is optimised away. */
let kept = 0

report(await policySection())
