import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
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
import { atLeast, atMost, quantile, report, type Section, type SectionRow } from './section.ts'
import { builtInSuites } from '../../src/metadata/suites.ts'
import { cedarEngine } from '../../src/policy/cedar-engine.ts'
import { compiledEngine } from '../../src/policy/compiled-engine.ts'
import {
  disclosureRequest,
  type AuthorizationDecision,
  type CedarRequest,
  type PolicyEngine,
} from '../../src/policy/engine.ts'
import { loadPolicies, type LoadedPolicies } from '../../src/policy/load.ts'
import { createPlanTable, type PlanRequest } from '../../src/policy/plan-table.ts'
import {
  peerClasses,
  policySuites,
  type DisclosureContext,
  type PeerFacts,
  type RoomFacts,
} from '../../src/policy/vocabulary.ts'
import { declarations } from '../../src/protocols/mimi/declarations.ts'

/**
 * Ten fields of one request, side by side: hand-written JavaScript, compiled policies, cedar-wasm, and
 * a plan from the table. Each batch brings new objects for peer, room and context, so nothing is
 * remembered but in the last row.
 */
async function policySection(): Promise<Section> {
  const loaded = loadPolicies(PROFILE)
  const compiled = compiledEngine(loaded)
  const cedar = cedarEngine(loaded)
  const many = compiledEngine(withPeerPolicies(loaded, 10_000))
  const { log, flush } = logging(compiled)
  const measured = {
    handWritten: await measure({ batch: 1_000, batches: 400, run: () => decideTen(handWritten) }),
    compiled: await measure({
      batch: 100,
      batches: 400,
      run: () => decideTen((request) => compiled.decide(request)),
    }),
    tenThousand: await measure({
      batch: 100,
      batches: 400,
      run: () => decideTen((request) => many.decide(request)),
    }),
    cedar: await measure({
      batch: 1,
      batches: 60,
      run: () => decideTen((request) => cedar.decide(request)),
    }),
    planHit: await measure({ batch: 1_000, batches: 400, run: planLookup(compiled) }),
    disclosure: await measure({ batch: 1_000, batches: 400, run: disclosure(compiled) }),
    logged: await measure({ batch: 1_000, batches: 400, run: log, between: flush }),
  }
  const of = (name: keyof typeof measured): number => measured[name].medianUs
  const row = (what: string, name: keyof typeof measured): SectionRow => {
    const { medianUs, p99Us } = measured[name]
    return { what, unit: 'µs', median: medianUs, p99: p99Us }
  }
  const few = `${loaded.policies.length} policies`
  return {
    title: 'Policies: ten fields of one request, and what is left of them on the path of a message',
    rows: [
      row('ten fields, hand-written JavaScript', 'handWritten'),
      row(`ten fields, ${few}, compiled`, 'compiled'),
      row('ten fields, 10,000 policies, compiled', 'tenThousand'),
      row(`ten fields, ${few}, cedar-wasm`, 'cedar'),
      row('a plan from the table', 'planHit'),
      row('disclosure of a submitMessage, towards hub and followers', 'disclosure'),
      row('a decision into the log', 'logged'),
    ],
    bars: [
      atLeast('cedar-wasm : compiled', of('cedar') / of('compiled'), 400),
      atMost('compiled : hand-written', of('compiled') / of('handWritten'), '20 '),
      atMost('10,000 policies : few', of('tenThousand') / of('compiled'), '2 '),
      atMost('a plan from the table : hand-written', of('planHit') / of('handWritten'), '1 '),
      atMost('disclosure of a submitMessage', of('disclosure'), '3 µs'),
      atMost('a decision into the log', of('logged'), '0.3 µs'),
    ],
  }
}

const PROFILE = readFileSync(
  new URL('../../policies/profiles/consumer/policies.cedar', import.meta.url),
  'utf8',
)

const TEN_FIELDS = [
  'sender.user',
  'sender.client',
  'room.id',
  'group.epoch',
  'message.kind',
  'message.size',
  'message.time',
  'message.frankingTag',
  'participants.list',
  'room.description',
] as const
const context: DisclosureContext = {
  purpose: 'delivery',
  audience: 'follower',
  direction: 'egress',
  operation: 'notify',
}
const peer: PeerFacts = {
  id: 'b.example',
  class: 'federated',
  region: 'EU',
  agreement: true,
  verified: true,
  groups: [],
}
const room: RoomFacts = {
  id: '~',
  suite: 'identified',
  profile: 'consumer',
  region: 'EU',
  tenant: 'default',
}

/** Ten decisions, each of a field's `exact` form, towards another peer each time. */
function decideTen(decide: PolicyEngine['decide']): number {
  const suite = policySuites[kept % policySuites.length] ?? room.suite
  const peerClass = peerClasses[kept % peerClasses.length] ?? peer.class
  const scene = { peer: { ...peer, class: peerClass }, room: { ...room, suite } }
  const circumstances = { ...context }
  let allowed = 0
  for (const field of TEN_FIELDS) {
    const request = disclosureRequest(scene, circumstances, { field, form: 'exact' })
    if (decide(request).decision === 'allow') allowed += 1
  }
  return allowed
}

/** What the ten decisions come down to, as somebody would write it who has only these policies. */
function handWritten({
  action,
  principal,
  resource,
  context: at,
}: CedarRequest): AuthorizationDecision {
  if (principal.class === 'quarantined' && action !== 'room.id:exact') return QUARANTINED
  if (!('audience' in at)) return DENIED
  const identified = resource.suite === 'identified' || resource.suite === 'compliance'
  switch (action) {
    case 'sender.user:exact':
    case 'sender.client:exact':
    case 'participants.list:exact':
      if (!identified) return NAMES
      return at.audience !== 'archive' && (principal.agreement || principal.class === 'home')
        ? ALLOWED
        : DENIED
    case 'message.time:exact':
      return at.audience === 'hub' || (at.audience === 'follower' && identified) ? ALLOWED : DENIED
    case 'room.description:exact':
      return at.audience === 'hub' || at.audience === 'follower' ? ALLOWED : DENIED
    case 'message.kind:exact':
      return ALLOWED
    case 'room.id:exact':
    case 'group.epoch:exact':
    case 'message.size:exact':
    case 'message.frankingTag:exact':
      return at.audience === 'archive' ? DENIED : ALLOWED
    default:
      return DENIED
  }
}

const DENIED: AuthorizationDecision = { decision: 'deny', policies: [], errors: [] }
const ALLOWED: AuthorizationDecision = { decision: 'allow', policies: ['permitted'], errors: [] }
const QUARANTINED: AuthorizationDecision = { ...DENIED, policies: ['quarantine'] }
const NAMES: AuthorizationDecision = { ...DENIED, policies: ['names-nowhere-else'] }

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
